/**
 * What moves a direction's bytes below the pipe, without a run of it, while nothing has to be decided. It tells the
 * pipe (`Offloading`) where something has, and only counts the rest.
 */
import type { Flow } from './flow.js'

export interface Offload<Served extends Flow = Flow> {
  /** Leaves what comes next to it, where nothing needs to be decided; takes it back where something does. */
  leave(flow: Served): void
  /** From here on the carrier moves what comes. */
  takeBack(flow: Served): void
  /** Counts what it moved and did not tell of: how many ms ago the last of it went, undefined where nothing did. */
  carried(flow: Served): number | undefined
}

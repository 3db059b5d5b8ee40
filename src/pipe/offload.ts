/**
 * An offload moves a direction's bytes below the pipe, without a run of the pipe, while nothing has to be
 * decided. It tells the pipe (`Offloading`) when something has to be. All other bytes it only counts.
 */
import type { Flow } from './flow.js'

export interface Offload<Served extends Flow = Flow> {
  /** Takes over the next bytes if nothing has to be decided. Otherwise stops. */
  leave(flow: Served): void
  /** Stops. From now on the carrier moves what comes. */
  takeBack(flow: Served): void
  /** Counts what it moved without a report. Returns how many ms ago the last of it moved, if anything did. */
  carried(flow: Served): number | undefined
}

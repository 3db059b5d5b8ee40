/** Whose rate it is. Types only. */
import type { Source } from '../../source.js'

export interface RateOwner {
  /** `process`, `listener/NAME` or `cluster/NAME`. */
  readonly scope: string
  /** Undefined: all clients of the scope together. */
  readonly source: Source | undefined
}

/** What a config says about the health of a cluster's backends, and what follows from it. Active checks have their own. */

export interface EjectPolicy {
  /** Failures in a row until a backend is ejected. At least 1. */
  readonly failures: number
  /** How long it is skipped, in ms, times how often it was ejected of late. */
  readonly forMs: number
  /** The longest time, in ms. */
  readonly maxForMs: number
  /** How much of the cluster may be ejected at once. One backend always may. Undefined: it depends on their number. */
  readonly maxPercent: number | undefined
}

export interface FlappingPolicy {
  /** So many changes of state within `withinMs` are too many. At least 2. */
  readonly changes: number
  readonly withinMs: number
  /** The longest time that a backend then stays down, in ms. */
  readonly maxForMs: number
}

/** What happens to the connections of a backend that checks or its agent call down. */
export type OnDown = 'keep' | 'end' | 'reset'
/** What happens to connections of later tiers when a tier before them works again. */
export type OnRecovered = 'keep' | 'return'
/** Whether a cluster goes back to an earlier tier by itself. */
export type Failback = 'auto' | 'manual'
/** What a client gets when every backend is down. */
export type WhenAllDown = 'refuse' | 'try-all' | 'wait'

export interface HealthPolicy {
  /** How long a backend that has taken bytes may be silent, in ms. 0: for ever. */
  readonly answerMs: number
  readonly eject: EjectPolicy | false
  readonly flapping: FlappingPolicy | false
  readonly onDown: OnDown
  readonly onRecovered: OnRecovered
  readonly failback: Failback
  /** Undefined: a backend that checks or its agent call down gets nobody. One that is only ejected is tried all the same. */
  readonly whenAllDown: WhenAllDown | undefined
}

const SMALL_CLUSTER = 10
const MOST_OF_SMALL = 50
const MOST_OF_LARGE = 10

/** How many of `backends` may be ejected at once. At least one. */
export function mostEjected(backends: number, maxPercent: EjectPolicy['maxPercent']): number {
  const percent = maxPercent ?? (backends < SMALL_CLUSTER ? MOST_OF_SMALL : MOST_OF_LARGE)
  return Math.max(1, Math.floor((backends * percent) / 100))
}

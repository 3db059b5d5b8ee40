/**
 * The rate of one entry, as the generic cell rate algorithm counts it (ITU-T I.371 annex A): one time says how many places
 * were taken. Beside it, two counts say how many were taken in the last second. Pure. Times are whole ns.
 */

export const NS_PER_SECOND = 1e9

/** ns between two places at a rate. */
export const intervalOf = (perSecond: number): number =>
  Math.min(Math.max(1, Math.floor(NS_PER_SECOND / perSecond)), Number.MAX_SAFE_INTEGER)

/** ns by which a burst may run ahead of the rate. */
export const slackOf = (burst: number, interval: number): number =>
  Math.min(Math.floor((burst - 1) * interval), Number.MAX_SAFE_INTEGER)

/** Clocks of processes differ by less, in ns. */
const CLOCKS_DIFFER_NS = 1e9

/**
 * `busyUntil` at this rate. A slower rate that held before may have left a longer wait than this rate can. Then places would be
 * refused long after the rate was raised.
 */
export const atThisRate = (busyUntil: number, now: number, interval: number, slack: number): number =>
  Math.min(busyUntil, now + slack + interval + CLOCKS_DIFFER_NS)

/**
 * Whether a place may be taken now. `busyUntil`: when all places that were taken are paid for, at one place per interval.
 */
export const isWithinRate = (busyUntil: number, now: number, slack: number): boolean =>
  busyUntil - now <= slack

/** `busyUntil` after one more place. */
export const afterTaking = (busyUntil: number, now: number, interval: number): number =>
  Math.max(busyUntil, now) + interval

/** Counts what happens in each second of the clock. */
export class SecondMeter {
  #second = 0
  #count = 0
  #before = 0

  add(now: number): void {
    this.#moveTo(Math.floor(now / NS_PER_SECOND))
    this.#count++
  }

  /** What happened in the last second. It takes for granted that the second before this one was regular. */
  read(now: number): number {
    const second = Math.floor(now / NS_PER_SECOND)
    this.#moveTo(second)
    const left = 1 - (now - second * NS_PER_SECOND) / NS_PER_SECOND
    return this.#count + Math.round(this.#before * left)
  }

  #moveTo(second: number): void {
    if (second === this.#second) return
    this.#before = second === this.#second + 1 ? this.#count : 0
    this.#count = 0
    this.#second = second
  }
}

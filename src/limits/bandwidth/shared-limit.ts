/**
 * A rate that several directions share. Only directions that have something to send share it: while one of them
 * has, the whole rate is used, and each gets the same. It is a token bucket with a queue for deficit round robin
 * (Shreedhar and Varghese, 1995). Small messages need no turn: they use a part of the bucket that the others
 * leave alone, up to nearly the fair part of the rate. It has no clock and no timer: whoever has them calls
 * `handOut` while somebody waits.
 */
import { Share } from './share.js'
import { TokenBucket } from './token-bucket.js'

/** The part of the burst that is left for directions which take their bytes out of turn. */
const RESERVE = 1 / 4
/** The smallest turn, as a part of the burst and in bytes. Smaller ones would cost a system call for few bytes. */
const LEAST_TURN = 1 / 32
const LEAST_TURN_BYTES = 512
/** What a direction may take out of turn at most, as a part of the burst. */
const MOST_CREDIT = 1 / 8
/** How fast that comes back, as a part of the fair share. A direction that uses its whole share has none. */
const CREDIT_RATE = 7 / 8
/** A direction that could take fewer bytes waits for its turn. */
const LEAST_GRANT_BYTES = 256

/** What happened to one rate, or to several alike. */
export interface Tally {
  /** Directions that wait at the moment. */
  waiting: number
  /** How long directions waited altogether, in ms. Whoever knows when they began to wait counts it. */
  waitedMs: number
}

export class SharedLimit {
  readonly tally: Tally
  /** Bytes that were used, ever. */
  passed = 0
  #peakWaiting = 0
  readonly #bucket: TokenBucket
  /** In the order in which they began to wait. */
  readonly #waiting = new Set<Share>()
  /** How many directions have bytes that were granted and not used yet. */
  #granted = 0

  /** `bytesPerSecond`: more than 0. */
  constructor(bytesPerSecond: number, now: number, tally: Tally = { waiting: 0, waitedMs: 0 }) {
    this.tally = tally
    this.#bucket = new TokenBucket(bytesPerSecond, now)
  }

  get bytesPerSecond(): number {
    return this.#bucket.bytesPerSecond
  }

  /** The most bytes that may pass in no time at all. */
  get burst(): number {
    return this.#bucket.burst
  }

  /** How many directions wait for their turn. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** The most directions that waited at the same time since the last call. */
  takePeak(): number {
    const peak = Math.max(this.#peakWaiting, this.#waiting.size)
    this.#peakWaiting = this.#waiting.size
    return peak
  }

  setRate(bytesPerSecond: number, now: number): void {
    this.#bucket.setRate(bytesPerSecond, now)
  }

  /** The share of one direction. `wake` is called when bytes were handed out to it. */
  join(now: number, wake: () => void): Share {
    return new Share(this.burst * MOST_CREDIT, now, wake)
  }

  /**
   * How many of `wanted` bytes the direction may take now. It must call `used` next. 0: it waits, and is woken
   * when bytes are handed out to it.
   */
  ask(share: Share, wanted: number, now: number): number {
    if (share.isWaiting) return 0
    if (share.granted === 0) {
      const free = this.#free(share, now)
      if (free < LEAST_GRANT_BYTES) {
        share.isWaiting = true
        this.#waiting.add(share)
        this.tally.waiting++
        this.#peakWaiting = Math.max(this.#peakWaiting, this.#waiting.size)
        return 0
      }
      this.#grant(share, Math.min(wanted, free))
    }
    return Math.min(wanted, share.granted)
  }

  /** The direction has taken `bytes`, and gives back the rest of what was granted. */
  used(share: Share, bytes: number): void {
    this.passed += bytes
    const over = bytes - share.granted
    if (share.granted > 0) this.#granted--
    share.granted = 0
    share.credit = Math.max(-this.burst * MOST_CREDIT, share.credit - bytes)
    if (over > 0) share.deficit -= over
    this.#bucket.take(over)
  }

  /** The direction takes no bytes for now, or never again. It holds nothing. */
  leave(share: Share): void {
    this.used(share, 0)
    share.isWaiting = false
    if (this.#waiting.delete(share)) this.tally.waiting--
  }

  /** Hands out what has come, in turn. All that wait get the same. */
  handOut(now: number): void {
    const { burst } = this
    let left = this.#bucket.level(now) - burst * RESERVE
    let rounds = this.#waiting.size
    const turn = Math.floor(Math.max(leastTurn(burst), left / rounds))
    const woken: Share[] = []
    for (const share of this.#waiting) {
      if (rounds-- === 0 || left < turn) break
      this.#waiting.delete(share)
      share.deficit += turn
      if (share.deficit < 1) {
        this.#waiting.add(share)
        continue
      }
      left -= share.deficit
      this.#grant(share, share.deficit)
      share.deficit = 0
      share.isWaiting = false
      this.tally.waiting--
      woken.push(share)
    }
    for (const share of woken) share.wake()
  }

  #grant(share: Share, bytes: number): void {
    share.granted = Math.floor(bytes)
    this.#granted++
    this.#bucket.take(share.granted)
  }

  /** What the direction may take at once. If others wait, only its credit. */
  #free(share: Share, now: number): number {
    const level = this.#bucket.level(now)
    const inTurn = this.#waiting.size > 0 ? 0 : level - this.burst * RESERVE
    if (inTurn >= leastTurn(this.burst)) return inTurn
    return share.deficit < 0 ? 0 : Math.min(level, this.#creditOf(share, now))
  }

  #creditOf(share: Share, now: number): number {
    const fairPerMs = this.bytesPerSecond / 1000 / (this.#waiting.size + this.#granted + 1)
    const earned = Math.max(0, now - share.creditAt) * fairPerMs * CREDIT_RATE
    share.credit = Math.min(this.burst * MOST_CREDIT, share.credit + earned)
    share.creditAt = now
    return share.credit
  }
}

const leastTurn = (burst: number): number => Math.max(LEAST_TURN_BYTES, burst * LEAST_TURN)

/**
 * The low-water mark on sources that prove to be steady bulk: the kernel then wakes us when a good deal is there
 * instead of for every segment (SO_RCVLOWAT, socket(7)), which saves wake-ups, acknowledgements and syscalls.
 *
 * A mark left on when bulk pauses would hold its tail back for ever. So every marked source is watched by one
 * timer: where a whole tick brought no event the mark is taken off, what is there is read, and the source must
 * flow for twice as long before it is marked again.
 */
import type { FdSocket } from './fd-socket.js'
import { READABLE } from './socket.js'

/** Below this the kernel does not wake us for a marked source: somewhat more than a kernel pipe moves at once. */
const LOW_WATER_BYTES = 192 * 1024
/** What the kernel begins with: any byte wakes us. */
const NO_MARK_BYTES = 1
/** A source is steady after this many bytes without a pause, and after at most so many once it has paused. */
const FIRST_STEADY_BYTES = 4 * 1024 * 1024
const MOST_STEADY_BYTES = 256 * 1024 * 1024
/** The last bytes of steady bulk wait for one to two of these (ms), once. */
const TICK_MS = 3

/** What is kept for a source since it was first bulk. */
interface Streak {
  /** Without a pause. */
  bytes: number
  steadyBytes: number
  isMarked: boolean
  hasFlowedSinceTick: boolean
}

export class LowWater {
  /** Sources that are marked at present. */
  marks = 0
  readonly #streaks = new Map<FdSocket, Streak>()
  #timer: NodeJS.Timeout | undefined

  /** `bytes` more were spliced from `source`. */
  flowed(source: FdSocket, bytes: number): void {
    const streak = this.#streakOf(source)
    streak.bytes += bytes
    streak.hasFlowedSinceTick = true
    if (!streak.isMarked && streak.bytes >= streak.steadyBytes) this.#mark(source, streak)
  }

  isMarked(source: FdSocket): boolean {
    return this.#streaks.get(source)?.isMarked ?? false
  }

  /** `source` sends something smaller now, or answers a request: what follows has an end that must not wait. */
  paused(source: FdSocket): void {
    const streak = this.#streaks.get(source)
    if (streak === undefined) return
    streak.bytes = 0
    if (!streak.isMarked) return
    streak.isMarked = false
    this.marks--
    source.loop.native.setLowWater(source.fd, NO_MARK_BYTES)
    // What was left to gather has had its event; TCP would report it again now, a unix socket would not.
    source.notify(READABLE)
  }

  /** `source` is closing. */
  forget(source: FdSocket): void {
    if (this.isMarked(source)) this.marks--
    this.#streaks.delete(source)
  }

  #streakOf(source: FdSocket): Streak {
    const known = this.#streaks.get(source)
    if (known !== undefined) return known
    const streak = { bytes: 0, steadyBytes: FIRST_STEADY_BYTES, isMarked: false, hasFlowedSinceTick: true }
    this.#streaks.set(source, streak)
    return streak
  }

  #mark(source: FdSocket, streak: Streak): void {
    if (source.loop.native.setLowWater(source.fd, LOW_WATER_BYTES) < 0) return
    streak.isMarked = true
    this.marks++
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref()
  }

  #tick(): void {
    for (const [source, streak] of this.#streaks) {
      if (!streak.isMarked) continue
      // One that is readable waits for its sink, not for an event.
      const isWaiting = (source.ready & READABLE) === 0
      if (isWaiting && !streak.hasFlowedSinceTick) this.#hasPaused(source, streak)
      streak.hasFlowedSinceTick = false
    }
    if (this.marks > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #hasPaused(source: FdSocket, streak: Streak): void {
    streak.steadyBytes = Math.min(streak.steadyBytes * 2, MOST_STEADY_BYTES)
    this.paused(source)
    source.loop.turns.drain()
  }
}

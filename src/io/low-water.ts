/**
 * The low-water mark on sources that prove to be steady bulk: the kernel then wakes us when a good deal is there
 * instead of for every segment (SO_RCVLOWAT, socket(7)), which saves wake-ups, acknowledgements and syscalls.
 *
 * A mark left on when bulk pauses would hold its tail back for ever. So every marked source is watched by one
 * timer: after a tick without an event what is there is read, and after a second one the mark is taken off. Where
 * it was not on for long, the source must flow for twice as long before it is marked again.
 */
import type { FdSocket } from './fd-socket.js'
import { widenReceiveWindow } from './receive-window.js'
import { READABLE } from './socket.js'

/** Below this the kernel does not wake us for a marked source: somewhat more than a kernel pipe moves at once. */
const LOW_WATER_BYTES = 192 * 1024
/** What the kernel begins with: any byte wakes us. */
const NO_MARK_BYTES = 1
/** A source is steady after this many bytes without a pause, and after at most so many once it has paused. */
const FIRST_STEADY_BYTES = 4 * 1024 * 1024
const MOST_STEADY_BYTES = 256 * 1024 * 1024
/** A source that became steady within this time (ms) gets a wider window too. One that waits for a slow sink does not. */
const FAST_MS = 250
/** The last bytes of steady bulk wait for one to two ticks (ms), once. Of many sources each flows more slowly. */
const TICK_MS = 3
const LONGEST_TICK_MS = 20
const MARKS_PER_TICK = 16
/** One silent tick is often only a busy machine's: bulk that goes on keeps its mark. */
const MOST_SILENT_TICKS = 1
/** A source that flowed this many times what made it steady is not to blame for a pause. */
const PAID_OFF = 8

/** What is kept for a source since it was first bulk. */
interface Streak {
  /** Without a pause. */
  bytes: number
  /** When the first of them came, by `performance.now()`. */
  since: number
  steadyBytes: number
  isMarked: boolean
  hasFlowedSinceTick: boolean
  silentTicks: number
  /** A read without an event is due or under way: it must find everything there is. */
  isLooking: boolean
}

export class LowWater {
  /** Sources that are marked at present. */
  marks = 0
  readonly #streaks = new Map<FdSocket, Streak>()
  #timer: NodeJS.Timeout | undefined

  /** `bytes` more were spliced from `source`. */
  flowed(source: FdSocket, bytes: number): void {
    const streak = this.#streakOf(source)
    if (streak.bytes === 0) streak.since = performance.now()
    streak.bytes += bytes
    if (streak.isLooking) streak.isLooking = false
    else streak.hasFlowedSinceTick = true
    if (!streak.isMarked && streak.bytes >= streak.steadyBytes) this.#mark(source, streak)
  }

  isMarked(source: FdSocket): boolean {
    return this.#streaks.get(source)?.isMarked ?? false
  }

  /** Whether what a read leaves over may gather: the source is marked, and an event will tell of it. */
  mayGather(source: FdSocket): boolean {
    const streak = this.#streaks.get(source)
    return streak?.isMarked === true && !streak.isLooking
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
    const streak = {
      bytes: 0,
      since: 0,
      steadyBytes: FIRST_STEADY_BYTES,
      isMarked: false,
      hasFlowedSinceTick: true,
      silentTicks: 0,
      isLooking: false,
    }
    this.#streaks.set(source, streak)
    return streak
  }

  #mark(source: FdSocket, streak: Streak): void {
    if (performance.now() - streak.since <= FAST_MS) widenReceiveWindow(source)
    if (source.loop.native.setLowWater(source.fd, LOW_WATER_BYTES) < 0) return
    streak.isMarked = true
    streak.silentTicks = 0
    this.marks++
    if (this.#timer === undefined) this.#tickLater()
  }

  #tickLater(): void {
    const tickMs = Math.min(TICK_MS * (1 + this.marks / MARKS_PER_TICK), LONGEST_TICK_MS)
    this.#timer = setTimeout(() => this.#tick(), tickMs).unref()
  }

  #tick(): void {
    for (const [source, streak] of this.#streaks) {
      if (!streak.isMarked) continue
      // One that is readable waits for its sink, not for an event.
      const isSilent = (source.ready & READABLE) === 0 && !streak.hasFlowedSinceTick
      streak.hasFlowedSinceTick = false
      streak.silentTicks = isSilent ? streak.silentTicks + 1 : 0
      if (streak.silentTicks > MOST_SILENT_TICKS) this.#hasPaused(source, streak)
      else if (isSilent) this.#look(source, streak)
    }
    this.#timer = undefined
    if (this.marks > 0) this.#tickLater()
  }

  #look(source: FdSocket, streak: Streak): void {
    streak.isLooking = true
    source.notify(READABLE)
    source.loop.turns.drain()
  }

  #hasPaused(source: FdSocket, streak: Streak): void {
    const hasPaidOff = streak.bytes >= PAID_OFF * streak.steadyBytes
    streak.steadyBytes = hasPaidOff ? FIRST_STEADY_BYTES : Math.min(streak.steadyBytes * 2, MOST_STEADY_BYTES)
    this.paused(source)
    source.loop.turns.drain()
  }
}

/**
 * Who runs next: first come, first served, and only so much per turn of the event loop, so that neither a
 * busy connection nor a busy proxy keeps others, timers or promises waiting.
 */
import type { Runnable } from './socket.js'

/** A turn moves about this much before timers and promises get theirs: 1 to 2 ms of work. */
const TURN_BYTES = 4 * 1024 * 1024
/** A run costs about as much as moving this many bytes, even if it moves none. */
const RUN_BYTES = 4096
/** Work that must wait though no event will come (memory short, bytes unacknowledged) is tried this often. */
const RETRY_MS = 10

export class RunQueue {
  /** `performance.now()` at the start of this turn, in ms: precise enough for deadlines and timestamps. */
  now = performance.now()
  #queue: Runnable[] = []
  #next = 0
  #spentBytes = 0
  #isRunning = false
  #immediate: NodeJS.Immediate | undefined
  readonly #waiting = new Set<Runnable>()
  #timer: NodeJS.Timeout | undefined

  /** Sets the clock, for what is timed before the queue runs. */
  tick(): void {
    this.now = performance.now()
  }

  /** Puts `runnable` at the end of the queue, unless it is there already. It runs when `drain` gets to it. */
  add(runnable: Runnable): void {
    if (runnable.isQueued) return
    runnable.isQueued = true
    this.#queue.push(runnable)
  }

  /** Runs `runnable` after a short pause, for work that waits for something that sends no event. */
  later(runnable: Runnable): void {
    this.#waiting.add(runnable)
    this.#timer ??= setTimeout(() => this.#retry(), RETRY_MS)
  }

  /** Charges bytes moved to this turn. */
  spend(bytes: number): void {
    this.#spentBytes += bytes
  }

  /** Runs the queue until it is empty or the turn is used up; the rest runs in the next turn. */
  drain(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    this.tick()
    this.#spentBytes = 0
    try {
      this.#runQueue()
    } finally {
      this.#isRunning = false
      if (this.#next < this.#queue.length) this.#continueNextTurn()
    }
  }

  #runQueue(): void {
    while (this.#next < this.#queue.length && this.#spentBytes < TURN_BYTES) {
      const runnable = this.#queue[this.#next++]!
      runnable.isQueued = false
      this.#spentBytes += RUN_BYTES
      runnable.run()
    }
    this.#queue = this.#next < this.#queue.length ? this.#queue.slice(this.#next) : []
    this.#next = 0
  }

  #continueNextTurn(): void {
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined
      this.drain()
    })
  }

  #retry(): void {
    this.#timer = undefined
    for (const runnable of this.#waiting) this.add(runnable)
    this.#waiting.clear()
    this.drain()
  }
}

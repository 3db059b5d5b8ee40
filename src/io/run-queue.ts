/**
 * Decides who runs next: first come, first served. Each turn of the event loop does only so much work. So
 * neither a busy connection nor a busy proxy delays other connections, timers or promises.
 */
import type { Runnable } from './socket.js'

/** A turn moves about this many bytes before timers and promises run. That is 1 to 2 ms of work. */
const TURN_BYTES = 4 * 1024 * 1024
/** A run costs about as much as moving this many bytes, even if it moves none. */
const RUN_BYTES = 4096
/** How often to retry work that no event will wake (ms): memory is short, or bytes are unacknowledged. */
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

  /** Sets `now` for code that takes times before the queue runs. */
  tick(): void {
    this.now = performance.now()
  }

  /** Puts `runnable` at the end of the queue, unless it is there already. It runs when `drain` gets to it. */
  add(runnable: Runnable): void {
    if (runnable.isQueued) return
    runnable.isQueued = true
    this.#queue.push(runnable)
  }

  /** Runs `runnable` after RETRY_MS. For work that waits for something that sends no event. */
  later(runnable: Runnable): void {
    this.#waiting.add(runnable)
    this.#timer ??= setTimeout(() => this.#retry(), RETRY_MS)
  }

  /** Charges moved bytes to this turn. */
  spend(bytes: number): void {
    this.#spentBytes += bytes
  }

  /** Runs the queue until it is empty or the turn is used up. The rest runs in the next turn. */
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

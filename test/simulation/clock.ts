/**
 * Time that passes only when it is told to. While it is installed, `performance.now`, `Date.now`, `process.hrtime`,
 * timers and immediates are its own, and nothing of the real ones reaches the code under test.
 */
import { setImmediate as nextTurn } from 'node:timers'

type Callback = (...args: unknown[]) => void

/** A process, where there are several: timers and immediates run only while it does. */
export interface TimerOwner {
  readonly state: 'runs' | 'hangs' | 'gone'
}

const runs = (owner: TimerOwner | undefined): boolean => owner === undefined || owner.state === 'runs'

interface Immediate {
  readonly run: () => void
  readonly owner: TimerOwner | undefined
}

/** What `setTimeout` and `setInterval` answer, as far as src/ uses it. */
class Timer {
  at: number
  readonly everyMs: number | undefined
  readonly run: () => void
  readonly owner: TimerOwner | undefined
  keepsAlive = true

  constructor(at: number, everyMs: number | undefined, run: () => void, owner: TimerOwner | undefined) {
    this.at = at
    this.everyMs = everyMs
    this.run = run
    this.owner = owner
  }

  unref(): this {
    this.keepsAlive = false
    return this
  }
}

/** Node's own: nothing fires earlier than this (ms). */
const LEAST_MS = 1
/** With a fraction, as the real one has. */
const BEGIN_MS = 5000.25

const { _tickCallback: runTicks } = process as unknown as { _tickCallback(): void }

/** Runs the ticks and promises that are due, and those that follow, as Node does after each callback: none is left. */
export const settle = (): void => runTicks()

/** Where `settle` works: not from within a promise, which would have to end first. */
export function outsidePromises<Result>(run: () => Result): Promise<Result> {
  return new Promise((resolve, reject) => {
    nextTurn(() => {
      try {
        resolve(run())
      } catch (error) {
        reject(error)
      }
    })
  })
}

export class VirtualClock {
  now = BEGIN_MS
  #owner: TimerOwner | undefined
  /** In the order they were set, so that of two due at the same time the earlier one comes first. */
  readonly #timers = new Set<Timer>()
  #immediates = new Set<Immediate>()
  #restore: (() => void) | undefined

  install(): void {
    const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis
    const before = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate }
    const { now } = performance
    const dateNow = Date.now
    const { hrtime, cpuUsage } = process
    Object.assign(globalThis, this.#globals())
    performance.now = () => this.now
    Date.now = () => Math.floor(this.now)
    Object.assign(process, {
      hrtime: () => [Math.floor(this.now / 1000), Math.round((this.now % 1000) * 1e6)],
      // Asking for it takes longer than many a story.
      cpuUsage: () => ({ user: 0, system: 0 }),
    })
    this.#restore = () => {
      Object.assign(globalThis, before)
      performance.now = now
      Date.now = dateNow
      Object.assign(process, { hrtime, cpuUsage })
    }
  }

  restore(): void {
    this.#restore?.()
    this.#restore = undefined
  }

  /** When the next timer is due; undefined where there is none. */
  get nextAt(): number | undefined {
    return this.#next()?.at
  }

  get hasImmediates(): boolean {
    for (const { owner } of this.#immediates) if (runs(owner)) return true
    return false
  }

  /** Timers that would keep the process alive. */
  get keepingAlive(): number {
    return [...this.#timers].filter(({ keepsAlive, owner }) => keepsAlive && owner?.state !== 'gone').length
  }

  /** Runs what `owner` does, with all that follows from it at once. What it sets is its own. */
  within<Result>(owner: TimerOwner | undefined, run: () => Result): Result {
    const before = this.#owner
    this.#owner = owner
    try {
      const result = run()
      settle()
      return result
    } finally {
      this.#owner = before
    }
  }

  /** Runs what is due, in its order, with all that follows from each. */
  runTimers(): void {
    for (let due = this.#next(); due !== undefined && due.at <= this.now; due = this.#next()) {
      this.#timers.delete(due)
      if (due.everyMs !== undefined) {
        due.at = this.now + due.everyMs
        this.#timers.add(due)
      }
      this.within(due.owner, due.run)
    }
  }

  /** Those that are waiting now, none of those that they set. */
  runImmediates(): void {
    const waiting = this.#immediates
    this.#immediates = new Set()
    for (const immediate of waiting) {
      if (runs(immediate.owner)) this.within(immediate.owner, immediate.run)
      else if (immediate.owner?.state === 'hangs') this.#immediates.add(immediate)
    }
  }

  #next(): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if ((next === undefined || timer.at < next.at) && runs(timer.owner)) next = timer
    }
    return next
  }

  #globals(): object {
    const clear = (timer: Timer | undefined): void => {
      if (timer !== undefined) this.#timers.delete(timer)
    }
    return {
      setTimeout: (run: Callback, ms?: number, ...args: unknown[]) =>
        this.#set(() => run(...args), ms, false),
      setInterval: (run: Callback, ms?: number, ...args: unknown[]) =>
        this.#set(() => run(...args), ms, true),
      setImmediate: (run: Callback, ...args: unknown[]) => {
        const immediate = { run: () => run(...args), owner: this.#owner }
        this.#immediates.add(immediate)
        return immediate
      },
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: (immediate: Immediate) => this.#immediates.delete(immediate),
    }
  }

  #set(run: () => void, ms: number | undefined, isRepeated: boolean): Timer {
    const waitMs = ms !== undefined && ms >= LEAST_MS ? ms : LEAST_MS
    const timer = new Timer(this.now + waitMs, isRepeated ? waitMs : undefined, run, this.#owner)
    this.#timers.add(timer)
    return timer
  }
}

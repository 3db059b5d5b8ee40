/**
 * A clock whose time passes only when a test says so. While it is installed, it replaces `performance.now`, `Date.now`,
 * `process.hrtime`, timers, immediates and `Math.random`. The code under test then sees nothing of the real ones.
 */
import { setImmediate as nextTurn } from 'node:timers'
import { Random } from './random.js'

type Callback = (...args: unknown[]) => void

/** The process that set a timer or an immediate, if there are several. They run only while the process runs. */
export interface TimerOwner {
  readonly state: 'runs' | 'hangs' | 'gone'
}

const runs = (owner: TimerOwner | undefined): boolean => owner === undefined || owner.state === 'runs'

interface Immediate {
  readonly run: () => void
  readonly owner: TimerOwner | undefined
}

/** What `setTimeout` and `setInterval` return, as far as src/ uses it. */
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

/** The shortest timer (ms), as in Node. */
const LEAST_MS = 1
/** The first time of the clock (ms). It has a fraction, as the real one has. */
const BEGIN_MS = 5000.25
/** Every story sees the same numbers of `Math.random`. */
const SEED = 1

const { _tickCallback: runTicks } = process as unknown as { _tickCallback(): void }

/** Runs all ticks and promises that are due, and all that follow from them, as Node does after each callback. */
export const settle = (): void => runTicks()

/** Runs `run` where `settle` works: outside of every promise, because `settle` cannot end the promise it runs in. */
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
  /** In the order in which they were set. Of two timers that are due at the same time the earlier one comes first. */
  readonly #timers = new Set<Timer>()
  #immediates = new Set<Immediate>()
  #restore: (() => void) | undefined

  install(): void {
    const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis
    const before = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate }
    const { now } = performance
    const { random } = Math
    const numbers = new Random(SEED)
    const dateNow = Date.now
    const { hrtime, cpuUsage } = process
    Object.assign(globalThis, this.#globals())
    performance.now = () => this.now
    Math.random = () => numbers.next() / 2 ** 32
    Date.now = () => Math.floor(this.now)
    Object.assign(process, {
      hrtime: () => [Math.floor(this.now / 1000), Math.round((this.now % 1000) * 1e6)],
      // The real call takes longer than many of the stories.
      cpuUsage: () => ({ user: 0, system: 0 }),
    })
    this.#restore = () => {
      Object.assign(globalThis, before)
      performance.now = now
      Math.random = random
      Date.now = dateNow
      Object.assign(process, { hrtime, cpuUsage })
    }
  }

  restore(): void {
    this.#restore?.()
    this.#restore = undefined
  }

  /** When the next timer is due. Undefined if there is none. */
  get nextAt(): number | undefined {
    return this.#next()?.at
  }

  get hasImmediates(): boolean {
    for (const { owner } of this.#immediates) if (runs(owner)) return true
    return false
  }

  /** The number of timers that would keep the process alive. */
  get keepingAlive(): number {
    return [...this.#timers].filter(({ keepsAlive, owner }) => keepsAlive && owner?.state !== 'gone').length
  }

  /** Runs `run` for `owner`, with all that follows from it at once. Timers that it sets belong to `owner`. */
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

  /** Runs the timers that are due, in order, each with all that follows from it. */
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

  /** Runs the immediates that wait now, and none of those that they set. */
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

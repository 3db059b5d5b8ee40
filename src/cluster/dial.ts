/**
 * One client's attempt to get a backend: candidates one after the other until one connects. It owns the
 * connect on its way and the wait in between, and nothing once `done` was called. Which candidate is next is
 * not decided here. On the ordinary path, the first candidate connecting, it sets no timer.
 */
import type { ResolvedAddress } from '../address.js'
import { SHORTAGES } from '../errors.js'
import type { Dial, DialOutcome, Engine } from '../io/engine.js'
import type { Socket } from '../io/socket.js'
import type { Backend } from './backend.js'

const SHORTAGE_PAUSE_MS = 50

export interface DialOptions {
  /** How long one connect may take, and at most a wait for a name or for file descriptors. 0: for ever. */
  readonly connectMs: number
}

export interface Dialled {
  readonly socket: Socket
  /** Counts this connection as active until its `release` is called. */
  readonly backend: Backend
  readonly address: ResolvedAddress
  /** Connects that failed before this one. */
  readonly retries: number
  readonly error?: undefined
}

export interface DialFailed {
  /**
   * errno name of the last connect. Without any: EHOSTDOWN where an operator has taken every backend out of use,
   * ENOTFOUND where none has an address, ETIMEDOUT where one was waited for, ECANCELED where the cluster was stopped.
   */
  readonly error: string
  /** Tried last; undefined where none could be tried. */
  readonly backend: Backend | undefined
  readonly retries: number
  readonly socket?: undefined
}

export type DialResult = Dialled | DialFailed

/** What an attempt needs of its cluster. */
export interface Roster {
  readonly engine: Pick<Engine, 'dial'>
  /** Attempts that wait: resumed when a name is resolved or is not, abandoned when the cluster stops. */
  readonly waiting: Set<Attempt>
  readonly isStopped: boolean
  now(): number
  /** Why nobody could be tried. */
  whyNone(): string
  /** The best backend not among those tried, or `resolving` where an answer may still bring one. */
  next(tried: readonly Backend[]): Backend | 'resolving' | undefined
  succeeded(backend: Backend): void
  failed(backend: Backend, address: ResolvedAddress, errno: string): void
}

export class Attempt {
  readonly #roster: Roster
  readonly #connectMs: number
  #done: ((result: DialResult) => void) | undefined
  #backend: Backend | undefined
  #dial: Dial | undefined
  #tried: Backend[] = []
  #tries = 0
  #rounds = 1
  #error: string | undefined
  #isShort = false
  #waitUntil: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(roster: Roster, options: DialOptions, done: (result: DialResult) => void) {
    this.#roster = roster
    this.#connectMs = options.connectMs
    this.#done = done
  }

  start(): void {
    this.#advance()
  }

  /** Gives up: `done` will not be called, and a connect on its way leaves nothing behind. */
  cancel(): void {
    this.#done = undefined
    this.#stopWaiting()
    if (this.#dial === undefined) return
    this.#dial.cancel()
    this.#dial = undefined
    this.#backend?.dialDropped()
  }

  /** Goes on after a wait: names have changed, or its time is over. */
  resume(): void {
    this.#stopWaiting()
    if (this.#roster.now() >= this.#deadline()) this.abandon('ETIMEDOUT')
    else if (this.#isShort && this.#backend !== undefined) this.#connect(this.#backend)
    else this.#advance()
  }

  /** Ends without a backend: with the error of the last connect, or with `error` where there was none. */
  abandon(error: string): void {
    this.#stopWaiting()
    const result = { error: this.#error ?? error, backend: this.#backend, retries: this.#retries() }
    // `dial` may not have returned yet.
    queueMicrotask(() => this.#finish(result))
  }

  #advance(): void {
    if (this.#roster.isStopped) {
      this.abandon('ECANCELED')
      return
    }
    const next = this.#roster.next(this.#tried)
    if (next === 'resolving') this.#wait(this.#connectMs)
    else if (next !== undefined) this.#connect(next)
    else if (this.#hasNextRound()) this.#advance()
    else this.abandon(this.#roster.whyNone())
  }

  /** When every backend has failed, those with a further address get another turn. */
  #hasNextRound(): boolean {
    const exhausted = this.#tried.filter((backend) => backend.endpoints.all.length <= this.#rounds)
    if (exhausted.length === this.#tried.length) return false
    this.#rounds += 1
    this.#tried = exhausted
    return true
  }

  #connect(backend: Backend): void {
    // A candidate has an address, and once it has one it never has none.
    const address = backend.endpoints.current!
    this.#backend = backend
    if (!this.#isShort) this.#tries += 1
    backend.dialBegan()
    this.#dial = this.#roster.engine.dial(address, this.#connectMs, (outcome) =>
      this.#settled(backend, address, outcome),
    )
  }

  #settled(backend: Backend, address: ResolvedAddress, { socket, errno }: DialOutcome): void {
    this.#dial = undefined
    if (socket !== undefined && !backend.isEnabled) {
      // It was taken out while the connect was on its way.
      socket.reset()
      backend.dialDropped()
      this.#tryAnother(backend, 'EHOSTDOWN')
    } else if (socket !== undefined) {
      this.#roster.succeeded(backend)
      this.#finish({ socket, backend, address, retries: this.#retries() })
    } else if (SHORTAGES.has(errno)) {
      backend.dialDropped()
      this.#paused(errno)
    } else {
      this.#roster.failed(backend, address, errno)
      this.#tryAnother(backend, errno)
    }
  }

  #paused(errno: string): void {
    this.#error = errno
    this.#isShort = true
    if (this.#roster.isStopped) this.abandon(errno)
    else this.#wait(SHORTAGE_PAUSE_MS)
  }

  #tryAnother(backend: Backend, errno: string): void {
    this.#error = errno
    this.#isShort = false
    this.#waitUntil = undefined
    this.#tried.push(backend)
    this.#advance()
  }

  #wait(ms: number): void {
    this.#waitUntil = this.#deadline()
    const remainingMs = this.#waitUntil - this.#roster.now()
    this.#roster.waiting.add(this)
    if (ms > 0) this.#timer = setTimeout(() => this.resume(), Math.min(ms, remainingMs)).unref()
  }

  /** One wait after the other, with no connect that said otherwise between them, is one wait. */
  #deadline(): number {
    if (this.#waitUntil !== undefined) return this.#waitUntil
    return this.#connectMs > 0 ? this.#roster.now() + this.#connectMs : Number.POSITIVE_INFINITY
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer)
    this.#roster.waiting.delete(this)
  }

  #retries(): number {
    return Math.max(0, this.#tries - 1)
  }

  #finish(result: DialResult): void {
    const done = this.#done
    this.#done = undefined
    done?.(result)
  }
}

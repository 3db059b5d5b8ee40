/**
 * One client's attempt to get a backend. It tries one candidate after the other until one connects. It owns
 * the connect in progress and the wait in between, and nothing once `done` was called. It does not choose the
 * next candidate. If the first candidate connects, it sets no timer.
 */
import type { ResolvedAddress } from '../address.js'
import { SHORTAGES } from '../errors.js'
import type { Dial } from '../io/engine.js'
import type { Backend } from './backend.js'
import { ALL_DOWN, type Dialling, type DialRequest, type DialResult } from './dial.js'
import type { Dialer, DialerOutcome, Through } from './dialer.js'
import { race } from './race.js'

const SHORTAGE_PAUSE_MS = 50
/** A connect of another client may be on its way to the only backend. Its end is no event here. */
const LONGEST_LOOK_MS = 1000
const NOBODY: readonly Backend[] = []

/**
 * The best backend that was not tried. `resolving`: none yet, but a name may bring one. `all-down`: none at the moment, and
 * the client waits. Undefined: none.
 */
export type Next = Backend | 'resolving' | 'all-down' | undefined

/** An attempt that waits. */
export interface Waiting {
  /** Names, settings or verdicts have changed. */
  resume(): void
  abandon(error: string): void
}

/** What an attempt needs from its cluster. */
export interface AttemptHost {
  readonly engine: Dialer
  /** Attempts that wait. The cluster resumes them when a question about a name ends, and abandons them when it stops. */
  readonly waiting: Set<Waiting>
  isStopped(): boolean
  now(): number
  /** Returns why no backend could be tried. */
  whyNone(): string
  /** In ms, how long all backends that are skipped stay so at least. */
  dueMs(): number
  next(request: DialRequest, tried: readonly Backend[]): Next
  succeeded(backend: Backend): void
  failed(backend: Backend, address: ResolvedAddress, errno: string): void
}

export class Attempt implements Dialling, Waiting {
  readonly #host: AttemptHost
  readonly #request: DialRequest
  readonly #connectMs: number
  #done: ((result: DialResult) => void) | undefined
  #backend: Backend | undefined
  #dial: Dial | undefined
  /** Undefined while no backend has failed. */
  #tried: Backend[] | undefined
  #tries = 0
  #rounds = 1
  #error: string | undefined
  /** Of the last dial. */
  #via: Through | undefined
  #isShort = false
  #waitUntil: number | undefined
  /** The end of its wait for a backend that works. Undefined: it has not waited for that. */
  #downUntil: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(host: AttemptHost, request: DialRequest, done: (result: DialResult) => void) {
    this.#host = host
    this.#request = request
    this.#connectMs = request.connectMs
    this.#done = done
  }

  start(): void {
    this.#advance()
  }

  cancel(): void {
    this.#done = undefined
    this.#stopWaiting()
    if (this.#dial === undefined) return
    this.#dial.cancel()
    this.#dial = undefined
    this.#backend?.dialDropped()
  }

  /** Continues after a wait: names or verdicts have changed, or the time is over. */
  resume(): void {
    this.#stopWaiting()
    if (this.#host.now() >= this.#deadline())
      this.abandon(this.#downUntil === undefined ? 'ETIMEDOUT' : ALL_DOWN)
    else if (this.#isShort && this.#backend?.endpoints.current !== undefined) this.#connect(this.#backend)
    else this.#advance()
  }

  /** Ends without a backend: with the error of the last connect, or with `error` if there was none. */
  abandon(error: string): void {
    this.#stopWaiting()
    const result = {
      error: this.#error ?? error,
      backend: this.#backend,
      retries: this.#retries(),
      via: this.#via,
    }
    // Not at once, because `dial` may not have returned yet.
    queueMicrotask(() => this.#finish(result))
  }

  #advance(): void {
    if (this.#host.isStopped()) {
      this.abandon('ECANCELED')
      return
    }
    const next = this.#host.next(this.#request, this.#tried ?? NOBODY)
    if (next === 'resolving') this.#wait(this.#connectMs)
    else if (next === 'all-down') this.#waitForAny()
    else if (next !== undefined) this.#connect(next)
    else if (this.#hasNextRound()) this.#advance()
    else this.abandon(this.#host.whyNone())
  }

  /** All backends are down. Those that have failed may be tried again. The time goes on whatever is tried meanwhile. */
  #waitForAny(): void {
    const now = this.#host.now()
    this.#downUntil ??= this.#deadline()
    this.#waitUntil = this.#downUntil
    this.#tried = undefined
    if (now >= this.#downUntil) this.abandon(ALL_DOWN)
    else this.#wait(Math.max(SHORTAGE_PAUSE_MS, Math.min(this.#host.dueMs(), LONGEST_LOOK_MS)))
  }

  /** When every backend has failed, those with a further address get another turn. */
  #hasNextRound(): boolean {
    const exhausted = this.#tried?.filter(({ endpoints }) => endpoints.turns <= this.#rounds)
    if (exhausted?.length === this.#tried?.length) return false
    this.#rounds += 1
    this.#tried = exhausted
    return true
  }

  #connect(backend: Backend): void {
    const { current, other } = backend.endpoints
    // A candidate always has an address.
    const address = current!
    this.#backend = backend
    if (!this.#isShort) this.#tries += 1
    backend.dialBegan()
    const { engine } = this.#host
    this.#dial =
      other === undefined
        ? engine.dial(address, this.#connectMs, (outcome) => this.#settled(backend, address, outcome))
        : race(engine, [address, other], this.#connectMs, (outcome) => {
            if (outcome.socket !== undefined) backend.endpoints.won(outcome.address)
            for (const each of outcome.failed) backend.endpoints.failed(each)
            this.#settled(backend, outcome.address, outcome)
          })
  }

  #settled(backend: Backend, address: ResolvedAddress, { socket, errno, via }: DialerOutcome): void {
    this.#dial = undefined
    this.#via = via
    if (socket !== undefined && !backend.isEnabled) {
      // The backend was taken out while the connect was in progress.
      socket.reset()
      backend.dialDropped()
      this.#tryAnother(backend, 'EHOSTDOWN')
    } else if (socket !== undefined) {
      this.#host.succeeded(backend)
      this.#finish({ socket, backend, address, retries: this.#retries(), via })
    } else if (SHORTAGES.has(errno)) {
      backend.dialDropped()
      this.#paused(errno)
    } else if (via?.failure !== undefined) {
      backend.dialDropped()
      if (via.failure.mayTryNext) this.#tryAnother(backend, errno)
      else this.#finish({ error: errno, backend, retries: this.#retries(), via })
    } else {
      this.#host.failed(backend, address, errno)
      this.#tryAnother(backend, errno)
    }
  }

  #paused(errno: string): void {
    this.#error = errno
    this.#isShort = true
    if (this.#host.isStopped()) this.abandon(errno)
    else this.#wait(SHORTAGE_PAUSE_MS)
  }

  #tryAnother(backend: Backend, errno: string): void {
    this.#request.explanation?.failed(backend, errno)
    this.#error = errno
    this.#isShort = false
    this.#waitUntil = undefined
    this.#tried ??= []
    this.#tried.push(backend)
    this.#advance()
  }

  #wait(ms: number): void {
    this.#waitUntil = this.#deadline()
    const remainingMs = this.#waitUntil - this.#host.now()
    this.#host.waiting.add(this)
    if (ms > 0) this.#timer = setTimeout(() => this.resume(), Math.min(ms, remainingMs)).unref()
  }

  /** Waits in a row share one deadline, until a connect fails for another reason than a shortage. */
  #deadline(): number {
    if (this.#waitUntil !== undefined) return this.#waitUntil
    return this.#connectMs > 0 ? this.#host.now() + this.#connectMs : Number.POSITIVE_INFINITY
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer)
    this.#host.waiting.delete(this)
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

/**
 * The dials of one cluster: those that wait, and what they may get. It brings the queue, the candidates and the attempts
 * together. It knows nothing of how backends come and go.
 */
import { Attempt } from './attempt.js'
import type { AttemptHost, Next, Waiting } from './attempt-host.js'
import type { Backend } from './backend.js'
import type { Candidates } from './candidates.js'
import { Decided } from './decided.js'
import { type Dialling, type DialOptions, type DialRequest, type DialResult, REFUSED } from './dial.js'
import { dialAt, type PlaceOfBackend } from './dial-at.js'
import { DialInQueue } from './dial-in-queue.js'
import type { DialClient, Dialer } from './dialer.js'
import { Egress } from './egress.js'
import type { Judge } from './judge.js'
import type { NamesProvider } from './names/provider.js'
import type { ClusterOptions } from './options.js'
import { ClusterQueue, type QueueHost, type QueuePosition } from './queue/cluster-queue.js'
import type { Via } from './via.js'

export interface DialsHost extends Pick<QueueHost, 'name' | 'counts' | 'random' | 'now' | 'queued'> {
  readonly engine: Dialer & Pick<Via, 'dialer' | 'name' | 'through'>
  readonly names: NamesProvider
  readonly judge: Judge
  readonly options: ClusterOptions
  readonly candidates: Candidates
  backend(name: string): Backend | undefined
  /** Whether a question about a name is open that may bring another backend. */
  isResolving(): boolean
}

export class Dials {
  readonly queue: ClusterQueue
  readonly #host: DialsHost
  readonly #attempts: AttemptHost
  /** Attempts that wait for names, for file descriptors, or for any backend that works. */
  readonly #waiting = new Set<Waiting>()
  /** Undefined: clients get a backend. */
  #egress: Egress | undefined
  readonly #decided: Decided
  #isStopped = false

  constructor(host: DialsHost) {
    this.#host = host
    this.queue = new ClusterQueue({
      name: host.name,
      counts: host.counts,
      policy: () => this.#queuePolicy(),
      queued: host.queued,
      now: host.now,
      random: host.random,
    })
    this.#attempts = this.#newAttemptHost()
    const { engine, names, name, counts } = host
    this.#decided = new Decided({ ...this.#attempts, engine, names, name, counts })
  }

  /** Whether anybody tries to get a connection. */
  get areWaiting(): boolean {
    return this.#waiting.size > 0 || this.queue.length > 0
  }

  /** How many backends that are in no config have connections or attempts. */
  get decidedBackends(): number {
    return this.#decided.size
  }

  /** Takes the present options. Call it before the first dial. An attempt in progress keeps the rules with which it began. */
  update(): void {
    this.#egress = this.#newEgress()
  }

  /** Names, settings or verdicts have changed. Takes a copy, because an attempt that must wait on joins the set again. */
  resume(): void {
    for (const attempt of [...this.#waiting]) attempt.resume()
    this.queue.look()
  }

  /** Attempts that wait end at once, and later ones end with ECANCELED. A connect in progress is the last one of its attempt. */
  stop(): void {
    this.#isStopped = true
    for (const attempt of [...this.#waiting]) attempt.abandon('ECANCELED')
    this.queue.close('ECANCELED')
  }

  /** Calls `done` once, never before it has returned, unless the dial is cancelled. */
  dial(request: DialRequest, done: (result: DialResult) => void): Dialling {
    if (!this.#isStopped && !this.queue.mayNewTry()) return this.#queueUp(request, done)
    const entry = request.enter?.() ?? 'in'
    if (entry === 'in') return this.#begin(request, done)
    if (entry === 'wait') return this.#queueUp(request, done)
    return refused(done)
  }

  /** Does the same with this one address, even if the backend may get nobody new: something that is there is needed. */
  dialAt(
    at: PlaceOfBackend,
    options: DialOptions & DialClient,
    done: (result: DialResult) => void,
  ): Dialling {
    return dialAt(this.#attempts, at, options, done)
  }

  #begin(request: DialRequest, done: (result: DialResult) => void, position?: QueuePosition): Dialling {
    const { decided } = request
    if (decided !== undefined) return this.#decided.dial(decided, request, done, position)
    if (this.#egress !== undefined) return this.#egress.dial(request, done, position)
    const attempt = new Attempt(this.#attempts, request, done)
    attempt.start(position)
    return attempt
  }

  #queueUp(request: DialRequest, done: (result: DialResult) => void): Dialling {
    const { queue } = this
    const { now } = this.#host
    const dial = new DialInQueue({ queue, now, begin: (...begun) => this.#begin(...begun) }, request, done)
    dial.start()
    return dial
  }

  #queuePolicy(): ReturnType<QueueHost['policy']> {
    const { limits, slowStartMs } = this.#host.options
    const isTimed = limits?.newPerSecond !== undefined || limits?.perSource !== undefined
    return {
      waitMs: limits?.queueMs,
      length: limits?.queueLength ?? 0,
      isRefusing: limits?.whenFull === 'refuse',
      mustPoll: isTimed || slowStartMs > 0,
    }
  }

  #next(request: DialRequest, tried: readonly Backend[]): Next {
    const { candidates, now, options } = this.#host
    const next = candidates.next(request, tried, now())
    if (next !== undefined) return next
    if (this.#host.isResolving()) return 'resolving'
    const mayWait = options.health.whenAllDown === 'wait'
    return mayWait && candidates.areAllDown(now()) ? 'all-down' : undefined
  }

  #newAttemptHost(): AttemptHost {
    const host = this.#host
    return {
      engine: host.engine,
      queue: this.queue,
      waiting: this.#waiting,
      isStopped: () => this.#isStopped,
      now: host.now,
      whyNone: () => host.candidates.whyNone(),
      dueMs: () => host.candidates.dueMs(host.now()),
      next: (request, tried) => this.#next(request, tried),
      succeeded: (backend) => host.judge.connected(backend),
      failed: (backend, address, errno) => host.judge.notConnected(backend, address, errno),
    }
  }

  #newEgress(): Egress | undefined {
    const { engine, names, options } = this.#host
    const backend = (name: string): Backend => this.#host.backend(name)!
    const leavesNames = engine.name !== undefined
    return (
      options.dial &&
      new Egress(options.dial, { ...this.#attempts, engine: engine.dialer, leavesNames, names, backend })
    )
  }
}

/** Not at once, because `dial` has not returned yet. */
function refused(done: (result: DialResult) => void): Dialling {
  let isCancelled = false
  queueMicrotask(() => {
    if (!isCancelled) done({ error: REFUSED, backend: undefined, retries: 0 })
  })
  return {
    cancel: () => {
      isCancelled = true
    },
  }
}

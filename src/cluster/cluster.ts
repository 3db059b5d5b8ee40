/**
 * A named set of backends and the one rule of who is next: those available by round robin, then those that
 * rest, then those whose name is being resolved. It reaches the network only through the engine and the
 * resolver, and never logs: what an operator may want to know is told to the hooks.
 */
import { type Address, formatAddress } from '../address.js'
import type { Engine } from '../io/engine.js'
import { Backend, type BackendStatus } from './backend.js'
import { Attempt, type DialOptions, type DialResult, type Roster } from './dial.js'
import { dialAt, type PlaceOfBackend } from './dial-at.js'
import { BackOff } from './health/back-off.js'
import { forgetLongestGone } from './left.js'
import { type Lookup, Resolver } from './names/resolver.js'
import { RoundRobin } from './round-robin.js'

export interface ClusterOptions {
  readonly balance: 'round-robin'
  readonly backends: readonly {
    readonly address: Address
    /** Share of the connections, relative to the other backends. An integer from 1. */
    readonly weight: number
  }[]
}

/** All optional. A hook must not throw. */
export interface ClusterHooks {
  /** Every address of `backend` failed, the last with `errno`: skipped for `restMs` while others are available. */
  onBackendDown?(backend: Backend, errno: string, restMs: number): void
  /** A connect to a backend that was down succeeded. */
  onBackendUp?(backend: Backend): void
  /** A connection to `backend`, or a connect that came to nothing, is over: whoever waits for it can have its place. */
  onBackendReleased?(backend: Backend): void
  /** No answer for a host name (`code` of dns.lookup). The last good answer stays in use. */
  onResolveFailed?(host: string, code: string, retryMs: number): void
  /** Default: `dns.lookup`. */
  lookup?: Lookup
  /** A clock in ms that never goes back. Default: `performance.now`. */
  now?(): number
}

export interface ClusterStatus {
  readonly name: string
  readonly backends: readonly BackendStatus[]
}

export class Cluster {
  readonly name: string
  #backends: readonly Backend[]
  /** In the config no more, who left first coming first. They keep their counts, and go on with them if they return. */
  readonly #left = new Map<string, Backend>()
  #isRetired = false
  #turns: RoundRobin<Backend>
  #resolver: Resolver
  readonly #roster: Roster & { isStopped: boolean }
  readonly #hooks: ClusterHooks
  readonly #now: () => number

  constructor(name: string, options: ClusterOptions, engine: Pick<Engine, 'dial'>, hooks: ClusterHooks = {}) {
    this.name = name
    this.#hooks = hooks
    this.#now = hooks.now ?? (() => performance.now())
    this.#backends = options.backends.map((each) => this.#newBackend(each))
    this.#turns = new RoundRobin(this.#backends)
    this.#resolver = this.#newResolver()
    this.#roster = this.#newRoster(engine)
  }

  /** Begins to resolve host names, for as long as the cluster is not stopped. Once. */
  start(): void {
    this.#resolver.start()
  }

  /**
   * For good. Attempts that wait end at once, later ones with ECANCELED; a connect on its way is finished and
   * is the last of its attempt. Connections in use are untouched.
   */
  stop(): void {
    this.#roster.isStopped = true
    this.#resolver.stop()
    for (const attempt of [...this.#roster.waiting]) attempt.abandon('ECANCELED')
  }

  /**
   * Other backends, or others' weights. Those that were there before stay what they are, with their connections,
   * their health and what an operator has set; who leaves gets no new connections. A cluster that was retired serves
   * again.
   */
  update(options: ClusterOptions): void {
    const present = this.#isRetired ? [] : this.#backends
    const backends = options.backends.map((each) => {
      const { address, weight } = each
      const backend = this.backend(formatAddress(address)) ?? this.#newBackend(each)
      if (present.includes(backend)) backend.configure(weight)
      else backend.join(weight)
      return backend
    })
    if (isSameList(backends, present)) return
    this.#remember(backends)
    this.#isRetired = false
    this.#backends = backends
    this.#turns = new RoundRobin(backends)
    this.#resolver.stop()
    this.#resolver = this.#newResolver()
    this.#resolver.start()
    this.#resumeWaiting()
  }

  /** It is in no config any more. Attempts under way go on with what is known; nothing is resolved again. */
  retire(): void {
    this.#isRetired = true
    this.#resolver.stop()
    this.#resumeWaiting()
  }

  /** By its address as configured, whether it is so still or was. */
  backend(name: string): Backend | undefined {
    return this.#backends.find((backend) => backend.name === name) ?? this.#left.get(name)
  }

  get backends(): readonly Backend[] {
    return this.#backends
  }

  /** In the config no more. */
  get left(): readonly Backend[] {
    return [...this.#left.values()]
  }

  /** Whether anybody has a connection to it, or tries to get one. */
  get isInUse(): boolean {
    return this.#roster.waiting.size > 0 || [...this.#backends, ...this.left].some(hasConnections)
  }

  /**
   * Gets a connection to one of the backends. `done` is called once, never before `dial` returned, unless
   * the attempt is cancelled. Tries every backend, and where all failed their further addresses.
   */
  dial(options: DialOptions, done: (result: DialResult) => void): Attempt {
    const attempt = new Attempt(this.#roster, options, done)
    attempt.start()
    return attempt
  }

  /**
   * The same to this very address of a backend, whether it is to get new connections or not: what is there already is
   * asked for.
   */
  dialAt(
    at: PlaceOfBackend,
    { connectMs }: DialOptions,
    done: (result: DialResult) => void,
  ): Pick<Attempt, 'cancel'> {
    return dialAt(this.#roster, at, connectMs, done)
  }

  status(): ClusterStatus {
    const now = this.#now()
    return { name: this.name, backends: this.#backends.map((backend) => backend.status(now)) }
  }

  /** Who leaves with these to come. */
  #remember(coming: readonly Backend[]): void {
    for (const { name } of coming) this.#left.delete(name)
    for (const backend of this.#backends) if (!coming.includes(backend)) this.#left.set(backend.name, backend)
    forgetLongestGone(this.#left, hasConnections)
  }

  #next(tried: readonly Backend[]): Backend | 'resolving' | undefined {
    const now = this.#now()
    const isCandidate = (backend: Backend) =>
      backend.endpoints.current !== undefined && backend.isEnabled && !tried.includes(backend)
    return (
      this.#turns.pick(
        (backend) => isCandidate(backend) && backend.health.isAvailable(now, backend.dialling),
      ) ??
      soonestDue(this.#backends.filter(isCandidate)) ??
      (this.#backends.some((backend) => this.#isResolving(backend)) ? 'resolving' : undefined)
    )
  }

  #isResolving({ endpoints: { current, hostName }, isEnabled }: Backend): boolean {
    return (
      current === undefined && isEnabled && hostName !== undefined && this.#resolver.isResolving(hostName)
    )
  }

  #newRoster(engine: Pick<Engine, 'dial'>): Roster & { isStopped: boolean } {
    return {
      engine,
      waiting: new Set(),
      isStopped: false,
      now: this.#now,
      whyNone: () => (this.#backends.some(({ isEnabled }) => isEnabled) ? 'ENOTFOUND' : 'EHOSTDOWN'),
      next: (tried) => this.#next(tried),
      succeeded: (backend) => {
        if (backend.dialSucceeded()) this.#hooks.onBackendUp?.(backend)
      },
      failed: (backend, address, errno) => {
        const restMs = backend.dialFailed(address, errno, this.#now())
        if (restMs > 0) this.#hooks.onBackendDown?.(backend, errno, restMs)
      },
    }
  }

  #newBackend({ address, weight }: ClusterOptions['backends'][number]): Backend {
    return new Backend(address, weight, new BackOff(), (backend) => this.#hooks.onBackendReleased?.(backend))
  }

  #newResolver(): Resolver {
    const hosts = this.#backends.flatMap(({ endpoints }) => endpoints.hostName ?? [])
    const listener = {
      resolved: (host: string, ips: readonly string[]) => {
        for (const backend of this.#backends) if (backend.endpoints.hostName === host) backend.resolved(ips)
        this.#resumeWaiting()
      },
      unresolved: (host: string, code: string, retryMs: number) => {
        this.#hooks.onResolveFailed?.(host, code, retryMs)
        this.#resumeWaiting()
      },
    }
    return new Resolver(hosts, listener, this.#hooks.lookup)
  }

  /** Of a copy: an attempt that has to wait on joins the set again. */
  #resumeWaiting(): void {
    for (const attempt of [...this.#roster.waiting]) attempt.resume()
  }
}

const hasConnections = ({ active, dialling }: Backend): boolean => active + dialling > 0

const isSameList = (some: readonly Backend[], others: readonly Backend[]): boolean =>
  some.length === others.length && some.every((backend, index) => backend === others[index])

/**
 * When all are resting one is tried all the same: a client turned away while a backend may be back is worse
 * off than one that waits for another failed connect.
 */
function soonestDue(resting: readonly Backend[]): Backend | undefined {
  let soonest: Backend | undefined
  for (const backend of resting) {
    if (soonest === undefined || backend.health.skippedUntil < soonest.health.skippedUntil) soonest = backend
  }
  return soonest
}

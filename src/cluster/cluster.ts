/**
 * A named set of backends, and connections to them. The balancer decides in which order they are tried. Their
 * health decides which are skipped. A cluster reaches the network only through the engine and the resolver.
 * It never logs. It tells its hooks what an operator may want to know.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ResolvedAddress } from '../address.js'
import type { Engine } from '../io/engine.js'
import { Attempt, type AttemptHost } from './attempt.js'
import { Backend, type BackendStatus } from './backend.js'
import type { BalanceRequest } from './balance/request.js'
import { type BalancePolicy, createBalancer } from './balance/rules.js'
import { Candidates } from './candidates.js'
import type { Dialling, DialOptions, DialRequest, DialResult } from './dial.js'
import { dialAt, type PlaceOfBackend } from './dial-at.js'
import { BackOff } from './health/back-off.js'
import { type BackendOptions, Members } from './members.js'
import { type Lookup, Resolver } from './names/resolver.js'
import { SlowStart } from './slow-start.js'

export interface ClusterOptions extends BalancePolicy {
  /** How long a backend that has come back, or was added, has less than its share. 0: it has its share at once. */
  readonly slowStartMs: number
  readonly backends: readonly BackendOptions[]
}

/** All hooks are optional. A hook must not throw. */
export interface ClusterHooks {
  /** Every address of `backend` failed, the last with `errno`. While others are up, skipped for `restMs`. */
  onBackendDown?(backend: Backend, errno: string, restMs: number): void
  /** A connect to a backend that was down succeeded. */
  onBackendUp?(backend: Backend): void
  /** A connection to `backend`, or a failed connect, is over. A client that waits may have its place. */
  onBackendReleased?(backend: Backend, cluster: Cluster): void
  /** There was no answer for a host name (`code` of dns.lookup). The last good answer stays in use. */
  onResolveFailed?(host: string, code: string, retryMs: number): void
  /** A connection has no key that `balance: hash` could use. It is balanced in turn. */
  onNoKey?(cluster: Cluster): void
  /** How to resolve names. Default: `dns.lookup`. */
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
  readonly #members: Members
  #options: ClusterOptions
  #candidates: Candidates
  #resolver: Resolver
  #isStopped = false
  readonly #waiting = new Set<Attempt>()
  readonly #host: AttemptHost
  readonly #hooks: ClusterHooks
  readonly #now: () => number

  constructor(name: string, options: ClusterOptions, engine: Pick<Engine, 'dial'>, hooks: ClusterHooks = {}) {
    this.name = name
    this.#hooks = hooks
    this.#now = hooks.now ?? (() => performance.now())
    this.#options = options
    this.#members = new Members((each) => this.#newBackend(each))
    this.#members.replace(options.backends)
    this.#candidates = this.#newCandidates()
    this.#resolver = this.#newResolver()
    this.#host = this.#newHost(engine)
  }

  /** Starts to resolve host names, until the cluster stops. Call it once. */
  start(): void {
    this.#resolver.start()
  }

  /**
   * Stops for good. Attempts that wait end at once, and later ones end with ECANCELED. A connect in progress
   * is finished, and is the last one of its attempt. Connections in use stay.
   */
  stop(): void {
    this.#isStopped = true
    this.#resolver.stop()
    for (const attempt of [...this.#waiting]) attempt.abandon('ECANCELED')
  }

  /**
   * Takes other backends, other settings or another rule. Backends that stay keep their connections and their
   * health. Backends that leave get no new connections. A retired cluster serves again.
   */
  update(options: ClusterOptions): void {
    const isOtherRule = !isDeepStrictEqual(policyOf(options), policyOf(this.#options))
    this.#options = options
    const isOtherList = this.#members.replace(options.backends)
    if (isOtherList || isOtherRule) this.#candidates = this.#newCandidates()
    if (isOtherList) this.#resolveAnew()
    if (isOtherList || isOtherRule) this.#resumeWaiting()
  }

  /** No config has this cluster any more. Attempts go on with what is known. No name is resolved again. */
  retire(): void {
    this.#members.retire()
    this.#resolver.stop()
    this.#resumeWaiting()
  }

  /** Finds a present or former backend by its address as configured. */
  backend(name: string): Backend | undefined {
    return this.#members.find(name)
  }

  get backends(): readonly Backend[] {
    return this.#members.present
  }

  /** Backends that are no longer in the config. They keep their counts, and continue them if they return. */
  get left(): readonly Backend[] {
    return this.#members.left
  }

  /** Whether any backend has a connection, or anybody tries to get one. */
  get isInUse(): boolean {
    return this.#waiting.size > 0 || this.#members.isInUse
  }

  /**
   * Gets a connection to one of the backends. Calls `done` once, never before `dial` has returned, unless the
   * attempt is cancelled. Tries every backend. If all fail, it tries their further addresses.
   */
  dial(request: DialRequest, done: (result: DialResult) => void): Dialling {
    const attempt = new Attempt(this.#host, request, done)
    attempt.start()
    return attempt
  }

  /**
   * Does the same with this one address of a backend, even if the backend may get no new connections. The
   * caller needs something that is already there.
   */
  dialAt(at: PlaceOfBackend, { connectMs }: DialOptions, done: (result: DialResult) => void): Dialling {
    return dialAt(this.#host, at, connectMs, done)
  }

  status(): ClusterStatus {
    const now = this.#now()
    return { name: this.name, backends: this.backends.map((backend) => backend.status(now)) }
  }

  #next(request: BalanceRequest, tried: readonly Backend[]): Backend | 'resolving' | undefined {
    const next = this.#candidates.next(request, tried, this.#now())
    if (next !== undefined) return next
    return this.backends.some((backend) => this.#isResolving(backend)) ? 'resolving' : undefined
  }

  #isResolving({ endpoints: { current, hostName }, isEnabled }: Backend): boolean {
    return (
      current === undefined && isEnabled && hostName !== undefined && this.#resolver.isResolving(hostName)
    )
  }

  #succeeded(backend: Backend): void {
    // A connect that was on its way when another one failed proves that the backend was never down.
    const isResting = backend.health.skippedUntil > this.#now()
    if (!backend.dialSucceeded()) return
    if (!isResting) backend.startSlowly()
    this.#hooks.onBackendUp?.(backend)
  }

  #failed(backend: Backend, address: ResolvedAddress, errno: string): void {
    const restMs = backend.dialFailed(address, errno, this.#now())
    if (restMs > 0) this.#hooks.onBackendDown?.(backend, errno, restMs)
  }

  #newHost(engine: Pick<Engine, 'dial'>): AttemptHost {
    return {
      engine,
      waiting: this.#waiting,
      isStopped: () => this.#isStopped,
      now: this.#now,
      whyNone: () => (this.backends.some(({ isEnabled }) => isEnabled) ? 'ENOTFOUND' : 'EHOSTDOWN'),
      next: (request, tried) => this.#next(request, tried),
      succeeded: (backend) => this.#succeeded(backend),
      failed: (backend, address, errno) => this.#failed(backend, address, errno),
    }
  }

  #resolveAnew(): void {
    this.#resolver.stop()
    this.#resolver = this.#newResolver()
    this.#resolver.start()
  }

  #newCandidates(): Candidates {
    const foundNoKey = (): void => this.#hooks.onNoKey?.(this)
    return new Candidates(this.backends, (tier) => createBalancer(this.#options, tier, foundNoKey))
  }

  #newBackend({ address, weight }: BackendOptions): Backend {
    return new Backend(address, weight, new BackOff(), {
      released: (backend) => this.#hooks.onBackendReleased?.(backend, this),
      reweighted: () => this.#candidates.reweighted(),
      slowStart: new SlowStart(() => this.#options.slowStartMs, this.#now),
    })
  }

  #newResolver(): Resolver {
    const hosts = this.backends.flatMap(({ endpoints }) => endpoints.hostName ?? [])
    const listener = {
      resolved: (host: string, ips: readonly string[]) => {
        for (const backend of this.backends) if (backend.endpoints.hostName === host) backend.resolved(ips)
        this.#resumeWaiting()
      },
      unresolved: (host: string, code: string, retryMs: number) => {
        this.#hooks.onResolveFailed?.(host, code, retryMs)
        this.#resumeWaiting()
      },
    }
    return new Resolver(hosts, listener, this.#hooks.lookup)
  }

  /** Takes a copy, because an attempt that must wait on joins the set again. */
  #resumeWaiting(): void {
    for (const attempt of [...this.#waiting]) attempt.resume()
  }
}

const policyOf = ({ balance, hash }: BalancePolicy): BalancePolicy => ({ balance, hash })

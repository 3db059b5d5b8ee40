/**
 * A named set of backends, and connections to them: the balancer says in which order they are tried, health who is
 * passed over. It reaches the network only through the engine and the resolver, and never logs: what an operator may
 * want to know is told to the hooks.
 */
import type { ResolvedAddress } from '../address.js'
import type { Engine } from '../io/engine.js'
import { Attempt, type AttemptHost } from './attempt.js'
import { Backend, type BackendStatus } from './backend.js'
import type { BalanceRequest } from './balance/request.js'
import { type BalanceRule, createBalancer } from './balance/rules.js'
import { Candidates } from './candidates.js'
import type { Dialling, DialOptions, DialRequest, DialResult } from './dial.js'
import { dialAt, type PlaceOfBackend } from './dial-at.js'
import { BackOff } from './health/back-off.js'
import { type BackendOptions, Members } from './members.js'
import { type Lookup, Resolver } from './names/resolver.js'

export interface ClusterOptions {
  readonly balance: BalanceRule
  readonly backends: readonly BackendOptions[]
}

/** All optional. A hook must not throw. */
export interface ClusterHooks {
  /** Every address of `backend` failed, the last with `errno`: skipped for `restMs` while others are available. */
  onBackendDown?(backend: Backend, errno: string, restMs: number): void
  /** A connect to a backend that was down succeeded. */
  onBackendUp?(backend: Backend): void
  /** A connection to `backend`, or a connect that came to nothing, is over: whoever waits for it can have its place. */
  onBackendReleased?(backend: Backend, cluster: Cluster): void
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
  readonly #members: Members
  #balance: BalanceRule
  #candidates: Candidates
  #resolver: Resolver
  #isStopped = false
  readonly #waiting = new Set<Attempt>()
  readonly #host: AttemptHost
  readonly #hooks: ClusterHooks
  readonly #now: () => number

  constructor(
    name: string,
    { balance, backends }: ClusterOptions,
    engine: Pick<Engine, 'dial'>,
    hooks: ClusterHooks = {},
  ) {
    this.name = name
    this.#hooks = hooks
    this.#now = hooks.now ?? (() => performance.now())
    const released = (backend: Backend): void => hooks.onBackendReleased?.(backend, this)
    this.#members = new Members(
      ({ address, weight }) => new Backend(address, weight, new BackOff(), released),
    )
    this.#members.replace(backends)
    this.#balance = balance
    this.#candidates = this.#newCandidates()
    this.#resolver = this.#newResolver()
    this.#host = this.#newHost(engine)
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
    this.#isStopped = true
    this.#resolver.stop()
    for (const attempt of [...this.#waiting]) attempt.abandon('ECANCELED')
  }

  /**
   * Other backends, or set otherwise, or another rule. Those that were there before stay what they are, with their
   * connections and their health; who leaves gets no new connections. A cluster that was retired serves again.
   */
  update({ balance, backends }: ClusterOptions): void {
    const isOtherRule = balance !== this.#balance
    this.#balance = balance
    if (this.#members.replace(backends) || isOtherRule) this.#takeUp()
  }

  /** It is in no config any more. Attempts under way go on with what is known; nothing is resolved again. */
  retire(): void {
    this.#members.retire()
    this.#resolver.stop()
    this.#resumeWaiting()
  }

  /** By its address as configured, whether it is so still or was. */
  backend(name: string): Backend | undefined {
    return this.#members.find(name)
  }

  get backends(): readonly Backend[] {
    return this.#members.present
  }

  /** In the config no more. They keep their counts, and go on with them if they return. */
  get left(): readonly Backend[] {
    return this.#members.left
  }

  /** Whether anybody has a connection to it, or tries to get one. */
  get isInUse(): boolean {
    return this.#waiting.size > 0 || this.#members.isInUse
  }

  /**
   * Gets a connection to one of the backends. `done` is called once, never before `dial` returned, unless
   * the attempt is cancelled. Tries every backend, and where all failed their further addresses.
   */
  dial(request: DialRequest, done: (result: DialResult) => void): Dialling {
    const attempt = new Attempt(this.#host, request, done)
    attempt.start()
    return attempt
  }

  /**
   * The same to this very address of a backend, whether it is to get new connections or not: what is there already is
   * asked for.
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
    if (backend.dialSucceeded()) this.#hooks.onBackendUp?.(backend)
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

  /** Other backends, or another rule, from now on. */
  #takeUp(): void {
    this.#candidates = this.#newCandidates()
    this.#resolver.stop()
    this.#resolver = this.#newResolver()
    this.#resolver.start()
    this.#resumeWaiting()
  }

  #newCandidates(): Candidates {
    return new Candidates(this.backends, createBalancer(this.#balance, this.backends))
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

  /** Of a copy: an attempt that has to wait on joins the set again. */
  #resumeWaiting(): void {
    for (const attempt of [...this.#waiting]) attempt.resume()
  }
}

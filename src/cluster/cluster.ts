/**
 * A named set of backends, and connections to them. The balancer decides in which order they are tried, and their health
 * which are skipped. It reaches the network only through the engine, and is told what names mean. It never logs, but tells its hooks.
 */
import { isDeepStrictEqual } from 'node:util'
import { scopeOfBackend } from '../limits/scope.js'
import { Backend, type BackendSetting } from './backend.js'
import { createBalancer, policyOf } from './balance/rules.js'
import { Candidates } from './candidates.js'
import type { Dialling, DialOptions, DialRequest, DialResult } from './dial.js'
import type { PlaceOfBackend } from './dial-at.js'
import type { DialClient } from './dialer.js'
import { Dials } from './dials.js'
import type { HealthPolicy } from './health/policy.js'
import type { AgentVerdict, CheckVerdict } from './health/verdict.js'
import { Judge } from './judge.js'
import { type BackendOptions, Members } from './members.js'
import { ClusterNames } from './names/cluster-names.js'
import { NO_NAMES } from './names/no-names.js'
import type { NamesProvider } from './names/provider.js'
import type { ClusterOptions, HooksOf } from './options.js'
import { type Connector, OwnSockets } from './own-sockets.js'
import type { ClusterQueue } from './queue/cluster-queue.js'
import { Places } from './queue/places.js'
import { SlowStart } from './slow-start.js'
import { Via } from './via.js'

export type ClusterHooks = HooksOf<Cluster>

export class Cluster {
  readonly name: string
  /** What its backends' health leads to. */
  readonly judge: Judge
  readonly #members: Members
  #options: ClusterOptions
  readonly #via: Via
  #candidates: Candidates
  readonly #names: ClusterNames
  readonly #dials: Dials
  readonly #hooks: ClusterHooks
  readonly #now: () => number

  constructor(name: string, options: ClusterOptions, engine: Connector, hooks: ClusterHooks = {}) {
    this.name = name
    this.#hooks = hooks
    this.#now = hooks.now ?? (() => performance.now())
    this.#options = options
    this.judge = this.#newJudge()
    this.#via = new Via(new OwnSockets(engine, () => this.#options.socket), hooks.dialThrough)
    this.#dials = this.#newDials(hooks.names ?? NO_NAMES)
    this.#members = new Members((each) => this.#newBackend(each))
    this.#members.replace(options.backends)
    this.#useVia()
    this.#dials.update()
    this.#candidates = this.#newCandidates()
    this.#names = this.#newNames(hooks.names ?? NO_NAMES)
  }

  /** Starts to resolve names, until the cluster stops. Call it once. */
  start(): void {
    this.watchNames()
    this.judge.review()
  }

  /** Starts to resolve names, if it has not begun yet. Backends that are known already are there when it returns. */
  watchNames(): void {
    const named = [this.#via, ...this.backends.map(({ endpoints }) => endpoints)]
    const hosts = named.flatMap(({ hostName }) => hostName ?? [])
    this.#names.update(hosts, this.#options.expansions ?? [])
  }

  /**
   * Stops for good. Attempts that wait end at once, and later ones end with ECANCELED. A connect in progress
   * is finished, and is the last one of its attempt. Connections in use stay.
   */
  stop(): void {
    this.judge.stop()
    this.#names.stop()
    this.#via.stop()
    this.#dials.stop()
  }

  /**
   * Takes other backends, other settings or another rule. Backends that stay keep their connections and their
   * health. Backends that leave get no new connections. A retired cluster serves again.
   */
  update(options: ClusterOptions): void {
    const isOtherRule = !isDeepStrictEqual(policyOf(options), policyOf(this.#options))
    const isOtherKind = (options.dial === undefined) !== (this.#options.dial === undefined)
    this.#options = options
    const isReplaced = this.#members.replace(options.backends)
    const isOtherList = this.#useVia() || isReplaced || isOtherKind
    this.#dials.update()
    if (isOtherList || isOtherRule) this.#candidates = this.#newCandidates()
    this.judge.review()
    if (isOtherList || isOtherRule) this.#dials.resume()
    else this.#dials.queue.look()
    // Last, because it may find backends at once, and then this is called again.
    this.watchNames()
  }

  /** No config has this cluster any more. Attempts go on with what is known. No name is resolved again. */
  retire(): void {
    this.judge.retire()
    this.queue.release()
    this.#members.retire()
    this.#names.stop()
    this.#via.stop()
    this.#dials.resume()
  }

  /** Finds a present or former backend by its address as configured. */
  backend(name: string): Backend | undefined {
    return this.#members.find(name)
  }

  get backends(): readonly Backend[] {
    return this.#members.present
  }

  /** No longer in the config. They keep their counts, and continue them if they return. */
  get left(): readonly Backend[] {
    return this.#members.left
  }

  set(backend: Backend, weight: number, setTo: BackendSetting): void {
    backend.set(weight, setTo)
    this.#changed()
  }

  /** From now on no connection goes to these backends. */
  close(backends: readonly Backend[]): void {
    for (const backend of backends) backend.set(backend.weightSet, 'drain')
    this.#changed()
  }

  /**
   * Checks of a backend have said something new. Undefined: they have stopped, and nothing is known. Does nothing
   * if there is no such backend. `isLogged`: whether hooks are told that it went down or came back.
   */
  checked(name: string, verdict: CheckVerdict | undefined, isLogged = true): void {
    const backend = this.backend(name)
    if (backend !== undefined) this.judge.checked(backend, verdict, isLogged)
  }

  /** The same of the agent of a backend. Undefined: no agent is asked any more. */
  agentSaid(name: string, verdict: AgentVerdict | undefined, isLogged = true): void {
    const backend = this.backend(name)
    if (backend !== undefined) this.judge.agentSaid(backend, verdict, isLogged)
  }

  /** Its clients that wait for a place. */
  get queue(): ClusterQueue {
    return this.#dials.queue
  }

  /** Its forward proxy, without credentials. Undefined: it has none. */
  get via(): string | undefined {
    return this.#via.name
  }

  get health(): HealthPolicy {
    return this.#options.health
  }

  /** Whether any backend has a connection, or anybody tries to get one. */
  get isInUse(): boolean {
    return this.#dials.areWaiting || this.#dials.decidedBackends > 0 || this.#members.isInUse
  }

  /**
   * Gets a connection to one of the backends. Calls `done` once, never before `dial` has returned, unless the
   * attempt is cancelled. Tries every backend. If all fail, it tries their further addresses.
   */
  dial(request: DialRequest, done: (result: DialResult) => void): Dialling {
    return this.#dials.dial(request, done)
  }

  /** Does the same with this one address, even if the backend may get nobody new: something that is there is needed. */
  dialAt(
    at: PlaceOfBackend,
    options: DialOptions & DialClient,
    done: (result: DialResult) => void,
  ): Dialling {
    return this.#dials.dialAt(at, options, done)
  }

  /** The tier that gets new connections. Undefined: no backend works. */
  get servingTier(): number | undefined {
    return this.judge.servingTier
  }

  status() {
    const backends = this.backends.map((backend) => backend.status(this.#now()))
    return { name: this.name, via: this.via, servingTier: this.servingTier, backends }
  }

  #isResolving({ endpoints: { current, hostName }, isEnabled }: Backend): boolean {
    if (current !== undefined || !isEnabled || hostName === undefined) return false
    return this.#names.isResolving(hostName)
  }

  #newDials(names: NamesProvider): Dials {
    const cluster = this
    return new Dials({
      name: this.name,
      engine: this.#via,
      names,
      judge: this.judge,
      counts: this.#hooks.counts,
      queued: () => this.#hooks.onQueued?.(this),
      now: this.#now,
      random: this.#hooks.random ?? Math.random,
      get options() {
        return cluster.#options
      },
      get candidates() {
        return cluster.#candidates
      },
      backend: (name) => this.backend(name),
      isResolving: () =>
        this.#names.isDiscovering || this.backends.some((backend) => this.#isResolving(backend)),
    })
  }

  /** Takes the forward proxy of the options. Returns true if that changes what must be resolved. */
  #useVia(): boolean {
    const { via, dial } = this.#options
    const isOther = this.#via.use(via)
    for (const { endpoints } of this.backends) endpoints.leave(via !== undefined || dial !== undefined)
    return isOther
  }

  #newCandidates(): Candidates {
    const foundNoKey = (): void => this.#hooks.onNoKey?.(this)
    return new Candidates(this.backends, this.judge, this.#options.balance, (tier) =>
      createBalancer(this.#options, tier, foundNoKey),
    )
  }

  #newBackend({ address, weight }: BackendOptions): Backend {
    const health = this.judge.newHealth(() => backend)
    const backend: Backend = new Backend(address, weight, health, {
      released: (released) => this.#dials.queue.freed(released),
      reweighted: () => this.#candidates.reweighted(),
      relimited: () => this.#dials.queue.look(),
      createPlaces: ({ name }, part) => new Places(this.#hooks.counts, scopeOfBackend(this.name, name), part),
      slowStart: new SlowStart(() => this.#options.slowStartMs, this.#now),
    })
    return backend
  }

  #newNames(provider: NamesProvider): ClusterNames {
    return new ClusterNames(provider, {
      resolved: (ips) => {
        for (const [host, its] of ips) this.#via.resolved(host, its)
        for (const backend of this.backends)
          backend.resolved(ips.get(backend.endpoints.hostName ?? ''), this.#now())
        this.#changed()
      },
      found: (backends) => this.#hooks.onFound?.(backends, this),
      unanswered: (names) => {
        for (const name of names) this.#via.resolved(name, [])
        this.#changed()
      },
    })
  }

  #newJudge(): Judge {
    const cluster = this
    return new Judge({
      ...this.#hooks,
      get backends() {
        return cluster.backends
      },
      get policy() {
        return cluster.#options.health
      },
      now: this.#now,
      random: this.#hooks.random ?? Math.random,
      isResolving: (backend) => this.#isResolving(backend),
      changed: () => this.#dials.resume(),
    })
  }

  #changed(): void {
    this.judge.review()
    this.#dials.resume()
  }
}

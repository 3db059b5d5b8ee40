/**
 * What follows from the health of the backends of one cluster: which tier serves, who may be ejected, when a hold is over,
 * and who is told. It owns the timers of holds. It never picks a backend.
 */
import type { ResolvedAddress } from '../address.js'
import type { Backend } from './backend.js'
import type { CandidateRules } from './candidates.js'
import type { Unanswered } from './health/ejections.js'
import { Health, type HealthChange } from './health/health.js'
import { type HealthPolicy, mostEjected } from './health/policy.js'
import type { AgentVerdict, CheckVerdict, PassiveVerdict } from './health/verdict.js'
import { type Moved, Tiers } from './tiers.js'
import { whyDown } from './why-down.js'

export interface JudgeHooks {
  /** A backend is down, or is skipped once more. `isActive`: checks or its agent say so. */
  onBackendDown?(backend: Backend, restMs: number, isActive: boolean): void
  /** A backend that was down works again. `isActive`: checks or its agent say so. */
  onBackendUp?(backend: Backend, isActive: boolean): void
  /** A backend changes too often. It stays down for `holdMs`. */
  onBackendFlapping?(backend: Backend, holdMs: number): void
  /** Checks or its agent now call a backend down. */
  onCalledDown?(backend: Backend): void
  /** Connections have shown something that other processes want to know. Undefined: the backend works again. */
  onPassiveVerdict?(backend: Backend, verdict: PassiveVerdict | undefined): void
  /** With `failback: manual`: from now on another tier serves. Other processes have to follow. */
  onMoved?(moved: Moved): void
  /** The tier that serves is another one. Undefined: no tier works. */
  onServingTier?(tier: number | undefined): void
}

export interface JudgeHost extends JudgeHooks {
  readonly backends: readonly Backend[]
  readonly policy: HealthPolicy
  now(): number
  random(): number
  isResolving(backend: Backend): boolean
  /** Backends may have become available. Clients that wait should look again. */
  changed(): void
}

export class Judge implements CandidateRules {
  readonly #host: JudgeHost
  readonly #tiers: Tiers
  readonly #holds = new Map<Backend, NodeJS.Timeout>()
  /** The backends of the last review, and the same by tier. */
  #reviewed: readonly Backend[] = []
  #byTier: readonly Backend[] = []

  constructor(host: JudgeHost) {
    this.#host = host
    this.#tiers = new Tiers({
      moved: (moved) => host.onMoved?.(moved),
      serving: (tier) => host.onServingTier?.(tier),
    })
  }

  get whenAllDown(): HealthPolicy['whenAllDown'] {
    return this.#host.policy.whenAllDown
  }

  get onlyTier(): number | undefined {
    return this.#host.policy.failback === 'manual' ? this.#tiers.serving : undefined
  }

  /** The tier that gets new connections. Undefined: no backend works. */
  get servingTier(): number | undefined {
    return this.#tiers.serving
  }

  /** Where the cluster has to stay, for a process that goes on with it. Undefined: it goes where a backend works. */
  get moved(): Moved | undefined {
    const { held: tier, version } = this.#tiers
    return tier === undefined ? undefined : { tier, version, isFailback: false }
  }

  /** Why the backends are down, in a few words. Empty if nobody knows. */
  get whyDown(): string {
    return whyDown(this.#host.backends, this.#host.now())
  }

  /** For a new backend of the cluster. `whose` is called only later. */
  newHealth(whose: () => Backend): Health {
    return new Health({
      ejections: {
        policy: () => this.#host.policy.eject,
        mayBeSkipped: () => this.#mayBeSkipped(whose()),
        random: this.#host.random,
      },
      flapping: () => this.#host.policy.flapping,
    })
  }

  /** `isLogged`: whether hooks are told that the backend went down or came back. Another process may have logged it. */
  checked(backend: Backend, verdict: CheckVerdict | undefined, isLogged = true): void {
    this.#apply(backend, isLogged, (now) => backend.checked(verdict, now))
  }

  agentSaid(backend: Backend, verdict: AgentVerdict | undefined, isLogged = true): void {
    this.#apply(backend, isLogged, (now) => backend.agentSaid(verdict, now))
  }

  /** Another process tells what its connections have shown. */
  told(backend: Backend, verdict: PassiveVerdict | undefined): void {
    const change = backend.noted(backend.health.told(verdict, this.#host.now()))
    if (change === undefined) return
    // That process has logged it.
    this.#follow(backend, change, false)
    this.review()
    this.#host.changed()
  }

  /** A connect to `backend` succeeded. One that began before another one failed proves that the backend was never down. */
  connected(backend: Backend): void {
    const now = this.#host.now()
    const isMistake = backend.health.skippedUntil > now
    this.#found(backend, backend.dialSucceeded(now), isMistake)
  }

  notConnected(backend: Backend, address: ResolvedAddress, errno: string): void {
    this.#found(backend, backend.dialFailed(address, errno, this.#host.now()))
  }

  /** What a connect has shown. It is undefined at almost every connect. */
  #found(backend: Backend, change: HealthChange | undefined, isMistake = false): void {
    if (change === undefined) return
    this.#announce(backend, change, false)
    this.#follow(backend, change, true, isMistake)
    this.#host.onPassiveVerdict?.(backend, backend.health.passive)
    this.review()
    this.#host.changed()
  }

  /** A connection got an answer. */
  answered(backend: Backend): void {
    this.#found(backend, backend.noted(backend.health.answered(this.#host.now())))
  }

  /** A connection got no answer. */
  unanswered(backend: Backend, why: Unanswered): void {
    this.#found(backend, backend.noted(backend.health.unanswered(why, this.#host.now())))
  }

  /**
   * Backends, settings or the policy have changed. `mayMove: false`: the cluster stays where another process has moved it.
   * Otherwise processes that see different things would overrule each other without an end.
   */
  review(mayMove = true): void {
    const { backends, policy } = this.#host
    if (backends !== this.#reviewed) {
      this.#reviewed = backends
      this.#byTier = backends.toSorted((a, b) => a.tier - b.tier)
    }
    const now = this.#host.now()
    const isManual = policy.failback === 'manual'
    this.#tiers.review(this.#byTier, isManual, (backend) => this.#works(backend, now, isManual), mayMove)
  }

  /** Another process has moved the cluster, or an operator has ordered its failback. */
  follow(moved: Moved): void {
    if (moved.isFailback) this.#forgiveBefore(this.#tiers.serving)
    this.#tiers.follow(moved)
    this.review(moved.isFailback)
    this.#host.changed()
  }

  /** An operator orders that the first tier that works serves again. */
  failback(): void {
    this.follow({ tier: undefined, version: this.#tiers.version, isFailback: true })
  }

  /** No config has the cluster any more. If it returns, it has not moved. */
  retire(): void {
    this.#tiers.follow({ tier: undefined, version: this.#tiers.version, isFailback: false })
  }

  stop(): void {
    for (const timer of this.#holds.values()) clearTimeout(timer)
    this.#holds.clear()
  }

  #apply(backend: Backend, isLogged: boolean, act: (now: number) => HealthChange | undefined): void {
    const { isEnabled, health } = backend
    const { isDown, isCalledDown } = health.active
    const change = act(this.#host.now())
    if (change !== undefined) {
      if (isLogged) this.#announce(backend, change, true)
      this.#follow(backend, change, isLogged)
    }
    if (!isCalledDown && health.active.isCalledDown) this.#host.onCalledDown?.(backend)
    // Checks come often, and with many backends a review costs something.
    if (change === undefined && isEnabled === backend.isEnabled && isDown === health.active.isDown) return
    this.review()
    this.#host.changed()
  }

  #announce(backend: Backend, { to, restMs }: HealthChange, isActive: boolean): void {
    if (to === 'up') this.#host.onBackendUp?.(backend, isActive)
    else if (to === 'down') this.#host.onBackendDown?.(backend, restMs, backend.health.active.isDown)
    else this.#host.onBackendFlapping?.(backend, restMs)
  }

  /** `isMistake`: the backend was never down. */
  #follow(backend: Backend, { to, restMs }: HealthChange, isLogged: boolean, isMistake = false): void {
    if (to === 'up' && !isMistake) backend.startSlowly()
    if (to === 'flapping') this.#hold(backend, restMs, isLogged)
  }

  /** The process that has logged its beginning logs its end, too. */
  #hold(backend: Backend, holdMs: number, isLogged: boolean): void {
    clearTimeout(this.#holds.get(backend))
    const over = (): void => {
      this.#holds.delete(backend)
      this.#apply(backend, isLogged, (now) => backend.noted(backend.health.settle(now)))
    }
    this.#holds.set(backend, setTimeout(over, Math.ceil(holdMs)).unref())
  }

  /** A passive verdict about a backend that gets no connection would stay for ever. */
  #forgiveBefore(tier = Number.POSITIVE_INFINITY): void {
    for (const backend of this.#host.backends) if (backend.tier < tier) backend.health.forgive()
  }

  /**
   * Missing answers do not move a cluster that stays where it has moved: the bytes of a client may be the reason for them.
   * Nor does a backend that no check has ended for: its backup may only be quicker.
   */
  #works(backend: Backend, now: number, isManual: boolean): boolean {
    const { isEnabled, health } = backend
    const isProven = !isManual || !(health.lacksOnlyAnswers(now) || health.lacksOnlyChecks(now))
    if (!isEnabled || (health.isDown(now) && isProven)) return false
    return backend.endpoints.current !== undefined || this.#host.isResolving(backend)
  }

  /** Whether its tier, or another tier, can do without it. Backends that nobody would get are no help. */
  #mayBeSkipped(backend: Backend): boolean {
    const { backends, policy } = this.#host
    const maxPercent = policy.eject === false ? undefined : policy.eject.maxPercent
    const now = this.#host.now()
    const others = backends.filter((each) => each !== backend && canServe(each))
    if (others.length === 0) return false
    const peers = others.filter(({ tier }) => tier === backend.tier)
    const skipped = peers.filter(({ health }) => health.isSkipped(now))
    return skipped.length < mostEjected(peers.length + 1, maxPercent)
  }
}

const canServe = ({ isEnabled, endpoints }: Backend): boolean => isEnabled && endpoints.current !== undefined

/**
 * Chooses the next backend for a connection. The available backends come first: those of the smallest tier in the
 * order of its balancer, then those of the next tier. Then come those that are skipped for a while, one after the other,
 * as far as the cluster allows it. Balancing and health know nothing of each other, and meet only here.
 */
import type { Backend } from './backend.js'
import type { Balancer } from './balance/balancer.js'
import type { PickNotes } from './balance/notes.js'
import type { BalanceRequest } from './balance/request.js'
import { ALL_DOWN, type DialRequest } from './dial.js'
import type { Explanation } from './explanation.js'
import type { WhenAllDown } from './health/policy.js'

/** They are read at each pick. */
export interface CandidateRules {
  readonly whenAllDown: WhenAllDown | undefined
  /** Backends of other tiers get nobody. Undefined: all tiers do. */
  readonly onlyTier: number | undefined
}

/** There are backends, but those that the client may have are full. */
export class Full {
  /** The only backend that the client waits for. Undefined: any. */
  readonly only: Backend | undefined

  constructor(only: Backend | undefined) {
    this.only = only
  }
}

interface Tier {
  readonly tier: number
  readonly balancer: Balancer<Backend>
}

export class Candidates {
  readonly #backends: readonly Backend[]
  /** The smallest tier first. */
  readonly #tiers: readonly Tier[]
  readonly #rules: CandidateRules
  /** As the config calls the rule of the balancers. */
  readonly #balance: string
  /** Arguments of the present pick. They are fields so that a pick makes no closures. */
  #tried: readonly Backend[] = []
  #now = 0

  constructor(
    backends: readonly Backend[],
    rules: CandidateRules,
    balance: string,
    createBalancer: (backends: readonly Backend[]) => Balancer<Backend>,
  ) {
    this.#backends = backends
    this.#rules = rules
    this.#balance = balance
    this.#tiers = tiersOf(backends).map(([first, ...others]) => ({
      tier: first!.tier,
      balancer: createBalancer([first!, ...others]),
    }))
  }

  /** The weight of a backend has changed. */
  reweighted(): void {
    for (const { balancer } of this.#tiers) balancer.reweighted?.()
  }

  /** The first backend that is not in `tried`. Undefined if there is none. If the request asks for it, it is told why. */
  next(request: DialRequest, tried: readonly Backend[], now: number): Backend | Full | undefined {
    this.#tried = tried
    this.#now = now
    const { explanation } = request
    return explanation === undefined ? this.#first(request) : this.#explained(request, explanation)
  }

  /** Whether there are backends, and no one of them may be picked at `now`. */
  areAllDown(now: number): boolean {
    this.#tried = []
    this.#now = now
    return this.#backends.some(this.#isCandidate) && !this.#backends.some(this.#isAvailable)
  }

  /** Why there is no backend to try: an error of a failed dial. */
  whyNone(): string {
    // Only a cluster whose names mean nothing has no backends.
    if (this.#backends.length === 0) return 'ENOTFOUND'
    const enabled = this.#backends.filter(({ isEnabled }) => isEnabled)
    if (enabled.length === 0) return 'EHOSTDOWN'
    return enabled.some(({ endpoints }) => endpoints.current !== undefined) ? ALL_DOWN : 'ENOTFOUND'
  }

  /** In ms from now, when the first backend that is skipped may be tried again. Infinity: nobody knows. */
  dueMs(now: number): number {
    const due = this.#backends.map(({ health }) => health.skippedUntil - now).filter((ms) => ms > 0)
    return due.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY)
  }

  #first(request: BalanceRequest, notes?: PickNotes<Backend>): Backend | Full | undefined {
    const { onlyTier } = this.#rules
    for (const { tier, balancer } of this.#tiers) {
      if (onlyTier !== undefined && tier !== onlyTier) continue
      const first = balancer.pick(this.#isAvailable, request, notes)
      if (first === undefined) continue
      return first.isFull ? this.#insteadOf(first, balancer, request, notes) : first
    }
    return this.#lastResort(onlyTier)
  }

  /** A tier that is full keeps its clients: later tiers are for backends that do not work. */
  #insteadOf(
    full: Backend,
    balancer: Balancer<Backend>,
    request: BalanceRequest,
    notes?: PickNotes<Backend>,
  ): Backend | Full {
    if (balancer.waitsForPicked?.(request) === true) return new Full(full)
    return balancer.pick(this.#hasRoom, request, notes) ?? new Full(undefined)
  }

  #explained(request: BalanceRequest, explanation: Explanation): Backend | Full | undefined {
    const notes: PickNotes<Backend> = {}
    const picked = this.#first(request, notes)
    explanation.picked({
      rule: this.#balance,
      backends: this.#backends,
      picked: picked instanceof Full ? undefined : picked,
      notes,
      now: this.#now,
      isAvailable: this.#hasRoom,
    })
    return picked
  }

  /** Runs for each backend at each connection. Most connections have tried nobody: that is checked first. */
  readonly #isCandidate = (backend: Backend): boolean =>
    backend.isEnabled &&
    backend.endpoints.current !== undefined &&
    (this.#tried.length === 0 || !this.#tried.includes(backend))

  /** A lone backend is not skipped for what connections have shown: nobody would gain by that. */
  readonly #isAvailable = (backend: Backend): boolean =>
    this.#isCandidate(backend) &&
    (backend.health.isClear ||
      (this.#backends.length === 1
        ? !backend.health.active.isDown
        : backend.health.isAvailable(this.#now, backend.dialling)))

  readonly #hasRoom = (backend: Backend): boolean => this.#isAvailable(backend) && !backend.isFull

  /**
   * When all backends are skipped, one is tried all the same. A client that is turned away while a backend
   * may be back is worse off than one that waits for another failed connect. Checks and agents are believed, unless the
   * config says otherwise: down may mean that a backend has another role.
   */
  #lastResort(onlyTier: number | undefined): Backend | Full | undefined {
    const { whenAllDown } = this.#rules
    if (whenAllDown === 'refuse' || whenAllDown === 'wait') return undefined
    let best: Backend | undefined
    let isAnyFull = false
    for (const backend of this.#backends) {
      const isAllowed = whenAllDown === 'try-all' || !backend.health.active.isDown
      if (!isAllowed || !this.#isCandidate(backend)) continue
      if (onlyTier !== undefined && backend.tier !== onlyTier) continue
      if (backend.isFull) isAnyFull = true
      else if (best === undefined || isBetter(backend, best)) best = backend
    }
    return best ?? (isAnyFull ? new Full(undefined) : undefined)
  }
}

function isBetter({ health }: Backend, than: Backend): boolean {
  if (health.active.isDown !== than.health.active.isDown) return !health.active.isDown
  return health.skippedUntil < than.health.skippedUntil
}

/** The backends of each tier, in their order. */
function tiersOf(backends: readonly Backend[]): Backend[][] {
  const tiers = [...new Set(backends.map(({ tier }) => tier))].sort((a, b) => a - b)
  return tiers.map((tier) => backends.filter((backend) => backend.tier === tier))
}

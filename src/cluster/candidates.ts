/**
 * Chooses the next backend for a connection. The available backends come first: those of the smallest tier in the
 * order of its balancer, then those of the next tier. Then come those that are skipped for a while, one after the other. Balancing and health know nothing of
 * each other, and meet only here.
 */
import type { Backend } from './backend.js'
import type { Balancer } from './balance/balancer.js'
import type { BalanceRequest } from './balance/request.js'

export class Candidates {
  readonly #backends: readonly Backend[]
  /** One per tier, the smallest tier first. */
  readonly #balancers: readonly Balancer<Backend>[]
  /** Arguments of the present pick. They are fields so that a pick makes no closures. */
  #tried: readonly Backend[] = []
  #now = 0

  constructor(
    backends: readonly Backend[],
    createBalancer: (backends: readonly Backend[]) => Balancer<Backend>,
  ) {
    this.#backends = backends
    this.#balancers = tiersOf(backends).map(createBalancer)
  }

  /** The weight of a backend has changed. */
  reweighted(): void {
    for (const balancer of this.#balancers) balancer.reweighted?.()
  }

  /** The first backend that is not in `tried`. Undefined if there is none. */
  next(request: BalanceRequest, tried: readonly Backend[], now: number): Backend | undefined {
    this.#tried = tried
    this.#now = now
    for (const balancer of this.#balancers) {
      const next = balancer.pick(this.#isAvailable, request)
      if (next !== undefined) return next
    }
    return this.#soonestDue()
  }

  /** Runs for each backend at each connection. Most connections have tried nobody: that is checked first. */
  readonly #isCandidate = (backend: Backend): boolean =>
    backend.isEnabled &&
    backend.endpoints.current !== undefined &&
    (this.#tried.length === 0 || !this.#tried.includes(backend))

  readonly #isAvailable = (backend: Backend): boolean =>
    this.#isCandidate(backend) && backend.health.isAvailable(this.#now, backend.dialling)

  /**
   * When all backends are skipped, one is tried all the same. A client that is turned away while a backend
   * may be back is worse off than one that waits for another failed connect.
   */
  #soonestDue(): Backend | undefined {
    let soonest: Backend | undefined
    for (const backend of this.#backends) {
      if (!this.#isCandidate(backend)) continue
      if (soonest === undefined || backend.health.skippedUntil < soonest.health.skippedUntil)
        soonest = backend
    }
    return soonest
  }
}

/** The backends of each tier, in their order. */
function tiersOf(backends: readonly Backend[]): Backend[][] {
  const tiers = [...new Set(backends.map(({ tier }) => tier))].sort((a, b) => a - b)
  return tiers.map((tier) => backends.filter((backend) => backend.tier === tier))
}

/**
 * Who is next for a connection: the backends that are available, in the order of the balancer; then, one after the
 * other, those that are skipped for a while. Here balancing and health meet, which know nothing of each other.
 */
import type { Backend } from './backend.js'
import type { Balancer } from './balance/balancer.js'
import type { BalanceRequest } from './balance/request.js'

export class Candidates {
  readonly #backends: readonly Backend[]
  readonly #balancer: Balancer<Backend>
  /** Of the pick that runs. Kept here so that a pick makes no closures. */
  #tried: readonly Backend[] = []
  #now = 0

  constructor(backends: readonly Backend[], balancer: Balancer<Backend>) {
    this.#backends = backends
    this.#balancer = balancer
  }

  /** The first that is not among `tried`, or undefined where there is none. */
  next(request: BalanceRequest, tried: readonly Backend[], now: number): Backend | undefined {
    this.#tried = tried
    this.#now = now
    return this.#balancer.pick(this.#isAvailable, request) ?? this.#soonestDue()
  }

  /** Runs for each backend at each connection, and most have tried nobody: that is asked first. */
  readonly #isCandidate = (backend: Backend): boolean =>
    backend.isEnabled &&
    backend.endpoints.current !== undefined &&
    (this.#tried.length === 0 || !this.#tried.includes(backend))

  readonly #isAvailable = (backend: Backend): boolean =>
    this.#isCandidate(backend) && backend.health.isAvailable(this.#now, backend.dialling)

  /**
   * When all are skipped one is tried all the same: a client turned away while a backend may be back is worse
   * off than one that waits for another failed connect.
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

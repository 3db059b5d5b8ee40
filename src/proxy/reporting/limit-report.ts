/**
 * What a proxy reports about its limits: how many places are held, and how many clients each limit has turned away. It counts
 * by the name of a scope, so a count does not fall at a reload.
 */
import type { PeerAddress } from '../../address.js'
import { forgetLongestGone } from '../../cluster/left.js'
import type { GateCheck } from '../../limits/gate.js'
import type { Limit } from '../../limits/limit.js'
import type { NoPlace } from '../../limits/limiter.js'
import { mostOf, namesOf } from '../../limits/no-place.js'
import { formatScope } from '../../limits/scope.js'
import type { OpeningCause } from '../../observe/endings.js'
import { LimitNotices, type Turning } from '../../observe/log/limit-notices.js'
import type { Log } from '../../observe/log/log.js'
import type { ProxyStatus } from '../../observe/status.js'
import type { LIMIT_REFUSALS } from '../../status/limits.js'

type Why = (typeof LIMIT_REFUSALS)[number]

interface Refusals {
  refused: number
  wouldRefuse: number
}

export class LimitReport {
  readonly #notices: LimitNotices
  /** By scope, then by what had no place. */
  readonly #refusals = new Map<string, Map<Why, Refusals>>()

  constructor(log: Log) {
    this.#notices = new LimitNotices(log)
  }

  refused(noPlace: NoPlace, client: PeerAddress): void {
    this.#refusalsOf(noPlace).refused++
    this.#notices.tell(reached(noPlace), 'refused', client)
  }

  wouldRefuse(noPlace: NoPlace, client: PeerAddress): void {
    this.#refusalsOf(noPlace).wouldRefuse++
    this.#notices.tell(reached(noPlace), 'dry-run', client)
  }

  waits(noPlace: NoPlace, client: PeerAddress): void {
    this.#notices.tell(reached(noPlace), 'waits', client)
  }

  /** A list has turned the client away, or a list or a ban would have without `dryRun`. Bans have counts of their own. */
  denied({ scope, isDryRun }: GateCheck, cause: OpeningCause, client: PeerAddress): void {
    const isBan = cause === 'denied: banned'
    if (isBan && !isDryRun) return
    const name = isBan ? 'ban' : cause === 'denied: not-allowed' ? 'allow' : 'deny'
    const refusals = this.#countsOf(scope, name)
    if (!isDryRun) {
      refusals.refused++
      return
    }
    refusals.wouldRefuse++
    const owner = formatScope(scope)
    this.#notices.tell({ scope, owner, name, isOfClient: true, happens: 'applies' }, 'dry-run', client)
  }

  /** The proxy has these limits now. Counts of a scope that has none any more are forgotten after those of a hundred others. */
  takeUp(present: readonly Limit[]): void {
    const scopes = new Set(present.map(({ scope }) => scope))
    forgetLongestGone(this.#refusals, (_, scope) => scopes.has(scope))
  }

  status(present: readonly Limit[], held: Held): Pick<ProxyStatus, 'limits' | 'limitRefusals'> {
    return {
      limits: limitsReport(present, held),
      limitRefusals: Array.from(this.#refusals, ([scope, its]) =>
        Array.from(its, ([why, counts]) => ({ scope, why, ...counts })),
      ).flat(),
    }
  }

  stop(): void {
    this.#notices.stop()
  }

  #refusalsOf(noPlace: NoPlace): Refusals {
    return this.#countsOf(noPlace.limit.scope, namesOf(noPlace).refusal)
  }

  #countsOf(scope: string, key: Why): Refusals {
    const its = this.#refusals.get(scope) ?? new Map<Why, Refusals>()
    this.#refusals.set(scope, its)
    const refusals = its.get(key) ?? { refused: 0, wouldRefuse: 0 }
    its.set(key, refusals)
    return refusals
  }
}

/** The places that connections hold in a scope as a whole. */
type Held = (scope: string) => number

/** A scope that has only a rate of bytes is not in it: see the rates. */
export function limitsReport(present: readonly Limit[], held: Held): ProxyStatus['limits'] {
  const whole = present.filter(({ perSource, want }) => perSource === undefined && isOfConnections(want))
  return whole.map(({ scope, want }) => ({ scope, held: held(scope), most: want.most }))
}

const isOfConnections = ({ most, perSecond }: Limit['want']): boolean => most > 0 || perSecond > 0

/** What to tell of a limit that has no place for a client. */
const reached = (noPlace: NoPlace): Turning => ({
  scope: noPlace.limit.scope,
  owner: formatScope(noPlace.limit.scope),
  name: namesOf(noPlace).title,
  most: mostOf(noPlace),
  isOfClient: noPlace.limit.perSource !== undefined,
  happens: 'is reached',
})

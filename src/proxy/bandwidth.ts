/**
 * How fast the connections of a proxy may be, and how many bytes they may move: from the present config, and from
 * what operators order for single connections. A connection without such limits has no object here.
 */
import { isDeepStrictEqual } from 'node:util'
import { forgetLongestGone } from '../cluster/left.js'
import type { Config } from '../config/schema.js'
import type { Connection } from '../connection/connection.js'
import { unknownName } from '../control/names.js'
import type { RateOrder } from '../control/orders.js'
import { checkRates } from '../control/rate-order.js'
import type { RunQueue } from '../io/run-queue.js'
import { Divisions } from '../limits/bandwidth/divisions.js'
import { HandOuts } from '../limits/bandwidth/hand-outs.js'
import { PipeLimiter, type PipeShares, type RateChange } from '../limits/bandwidth/pipe-limiter.js'
import type { RateOwner } from '../limits/bandwidth/rate-owner.js'
import { type RateOf, SharedRates } from '../limits/bandwidth/shared-rates.js'
import type { Counts } from '../limits/counts/counts.js'
import type { ByteRates, Limits } from '../limits/policy.js'
import { PROCESS, readScope, scopeOfCluster, scopeOfListener, scopesOf } from '../limits/scope.js'
import type { ProxyStatus } from '../observe/status.js'
import type { Pipe } from '../pipe/pipe.js'
import { sourceOf } from '../source.js'
import type { ConnectionIds } from './connection-ids.js'

interface OwnedRates {
  readonly owner: RateOwner
  readonly rates: ByteRates
}

export interface BandwidthOptions {
  readonly runQueue: RunQueue
  /** Counts the bytes of a day. */
  readonly counts: Counts
  /** Other workers use the same table. Through it they divide shared rates. */
  readonly isShared: boolean
}

/** The open connections, and their ids. */
interface Known {
  readonly ids: ConnectionIds
  all(): readonly Connection[]
}

export class Bandwidth {
  readonly #runQueue: RunQueue
  readonly #counts: Counts
  readonly #handOuts: HandOuts
  readonly #rates: SharedRates
  /** The limits of bytes by scope. Scopes without any are not in it. */
  #policies: ReadonlyMap<string, Limits> = new Map()
  /** What operators have ordered for single connections. It holds over a reload. */
  readonly #ordered = new WeakMap<Connection, RateChange>()

  constructor(config: Config, { runQueue, counts, isShared }: BandwidthOptions) {
    this.#runQueue = runQueue
    this.#counts = counts
    this.#handOuts = new HandOuts(runQueue)
    const divisions = new Divisions(() => performance.now())
    this.#rates = new SharedRates(isShared ? { counts, divisions } : undefined)
    this.takeUp(config, [])
  }

  /** Another config holds, also for these connections, which are open. */
  takeUp(config: Config, connections: readonly Connection[]): void {
    const before = this.#policies
    this.#policies = new Map(
      scopesOf(config).flatMap(([scope, each]) => (limitsBytes(each) ? [[scope, each]] : [])),
    )
    const rateOf: RateOf = (scope, isOfSource) => {
      const policy = this.#policies.get(scope)
      if (policy?.dryRun === true) return undefined
      return isOfSource ? policy?.perSource?.bytesPerSecond : policy?.bytesPerSecond
    }
    this.#rates.setRates(rateOf, this.#handOuts.now)
    forgetLongestGone(this.#rates.tallies, (tally) => this.#rates.isInUse(tally, rateOf))
    if (!isDeepStrictEqual(before, this.#policies)) this.#limitAll(connections)
  }

  /** The connection has a pipe, which is about to start. */
  joined(connection: Connection, pipe: Pipe): void {
    const isDecided = connection.decision?.limits !== undefined
    if (this.#policies.size > 0 || isDecided || this.#ordered.has(connection)) this.#limit(connection, pipe)
  }

  /** An operator changes the rates of one connection. @throws MillraceError `bad-argument`, `unknown-name` */
  limit(id: string, change: RateOrder, known: Known): void {
    checkRates(change)
    const connection = known.all().find((each) => known.ids.known(each) === id)
    if (connection === undefined) throw unknownName('connection', id)
    this.limitConnection(connection, change)
  }

  /** The same for a connection that is open. @throws MillraceError `bad-argument` */
  limitConnection(connection: Connection, change: RateOrder): void {
    checkRates(change)
    const { up, down } = this.#ordered.get(connection) ?? {}
    this.#ordered.set(connection, { up: change.up ?? up, down: change.down ?? down })
    this.#limitAll([connection])
  }

  /** An operator has given the connection these rates in another process. Call it before `joined`. */
  resumed(connection: Connection, rates: RateChange | undefined): void {
    if (rates !== undefined) this.#ordered.set(connection, rates)
  }

  /** The rates that an operator has given the connection. */
  orderedFor(connection: Connection): RateChange | undefined {
    return this.#ordered.get(connection)
  }

  /** Counts what the connection has moved so far. It must still hold its places. */
  count({ pipe }: Connection): void {
    if (pipe?.limits === undefined) return
    const { receivedUp, receivedDown } = pipe.totals
    pipe.limits.look(receivedUp + receivedDown)
  }

  status(): ProxyStatus['rates'] {
    return this.#rates.status().map(({ scope, isOfSource, direction, waiting, waitedMs }) => ({
      scope,
      per: isOfSource ? 'source' : 'scope',
      direction,
      waiting,
      waitedSeconds: waitedMs / 1000,
    }))
  }

  #limitAll(connections: readonly Connection[]): void {
    for (const connection of connections) {
      const { pipe } = connection
      if (pipe === undefined) continue
      this.#limit(connection, pipe)
      // What was offloaded or held back is decided anew.
      if (pipe.limits !== undefined) this.#runQueue.add(pipe)
    }
    this.#runQueue.drain()
  }

  /** Gives the pipe its limits of the present config, and those that operators have ordered. */
  #limit(connection: Connection, pipe: Pipe): void {
    const policies = this.#policiesOf(connection)
    const ordered = this.#ordered.get(connection)
    const decided = connection.decision?.limits
    const isLimited = policies.length > 0 || ordered !== undefined || decided !== undefined
    if (!isLimited && pipe.limits === undefined) return
    const enforced = policies.filter(([, { dryRun }]) => !dryRun)
    const limiter = pipe.limits instanceof PipeLimiter ? pipe.limits : this.#newLimiter(pipe)
    limiter.share(this.#sharesOf(enforced, connection))
    const { up, down } = ownRates(enforced)
    const own = { up, down, ...decided?.bytesPerSecond }
    limiter.setRates({ up: ordered?.up ?? own.up, down: ordered?.down ?? own.down })
  }

  #newLimiter(pipe: Pipe): PipeLimiter {
    const { receivedUp, receivedDown } = pipe.totals
    const wake = (): void => this.#runQueue.add(pipe)
    const limiter = new PipeLimiter(this.#handOuts, pipe, wake, receivedUp + receivedDown)
    pipe.limitBy(limiter)
    return limiter
  }

  /**
   * Counts bytes for the days of the sources in which the connection holds a place. False: a day is used up. Days in a dry run end
   * nothing. A place may be for a config that is only prepared: it counts no bytes.
   */
  #countDays({ claim }: Connection, bytes: number): boolean {
    let isLeft = true
    for (const [index, { scope, perSource, policy }] of (claim?.limits ?? []).entries()) {
      const most = perSource?.bytesPerDay ?? 0
      if (most === 0 || this.#policies.get(scope) !== policy) continue
      const isUsedUp = this.#counts.addBytes(claim!.entries[index]!, bytes) >= most
      if (isUsedUp && !policy.dryRun) isLeft = false
    }
    return isLeft
  }

  #policiesOf({ service, cluster }: Connection): readonly (readonly [scope: string, limits: Limits])[] {
    if (this.#policies.size === 0) return []
    const ofCluster = cluster === undefined ? [] : [scopeOfCluster(cluster)]
    const scopes = [PROCESS, scopeOfListener(service.name), ...ofCluster]
    return scopes.flatMap((scope) => {
      const limits = this.#policies.get(scope)
      return limits === undefined ? [] : [[scope, limits] as const]
    })
  }

  #sharesOf(policies: readonly (readonly [string, Limits])[], connection: Connection): PipeShares {
    const { now } = this.#handOuts
    const owned = policies.flatMap(([scope, limits]) => ratesOf(scope, limits, connection))
    const taken = owned.map(({ owner, rates }) => ({
      name: nameOf(owner),
      ...this.#rates.take(owner, rates, now),
    }))
    const { maxBytes } = connection.decision?.limits ?? {}
    const most =
      maxBytes === undefined ? policies.map(([, { perConnection }]) => perConnection?.maxBytes) : [maxBytes]
    return {
      up: taken.flatMap(({ name, up }) => (up === undefined ? [] : { name, limit: up })),
      down: taken.flatMap(({ name, down }) => (down === undefined ? [] : { name, limit: down })),
      maxBytes: Math.min(...most.map((bytes) => bytes || Number.POSITIVE_INFINITY)),
      countDays: (bytes) => this.#countDays(connection, bytes),
      closed: () => {
        for (const { owner } of owned) this.#rates.give(owner)
      },
    }
  }
}

function limitsBytes(limits: Limits | undefined): limits is Limits {
  if (limits === undefined) return false
  const { bytesPerSecond, perSource, perConnection, dryRun } = limits
  const isDaily = (perSource?.bytesPerDay ?? 0) > 0
  if (dryRun || isDaily) return isDaily
  return [bytesPerSecond, perConnection, perSource?.bytesPerSecond].some((each) => each !== undefined)
}

function ratesOf(scope: string, { bytesPerSecond, perSource }: Limits, connection: Connection): OwnedRates[] {
  const owned: OwnedRates[] = []
  if (bytesPerSecond !== undefined) owned.push({ owner: { scope, source: undefined }, rates: bytesPerSecond })
  const rates = perSource?.bytesPerSecond
  const client = rates && connection.clientAddress
  if (rates !== undefined && client?.kind === 'tcp')
    owned.push({ owner: { scope, source: sourceOf(client, perSource!) }, rates })
  return owned
}

/** What records call it: `process`, `listener`, `cluster` or `source`. */
const nameOf = ({ scope, source }: RateOwner): string =>
  source === undefined ? readScope(scope).kind : 'source'

/** The lowest rates of a connection by itself. 0: no limit. */
function ownRates(policies: readonly (readonly [string, Limits])[]): ByteRates {
  const rates = policies.flatMap(([, { perConnection }]) => perConnection?.bytesPerSecond ?? [])
  return { up: lowest(rates.map(({ up }) => up)), down: lowest(rates.map(({ down }) => down)) }
}

function lowest(rates: readonly number[]): number {
  const set = rates.filter((rate) => rate > 0)
  return set.length === 0 ? 0 : Math.min(...set)
}

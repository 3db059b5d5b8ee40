/**
 * Open connections: what each one is, and how fast its bytes move. A rate needs two looks, so the counts of
 * the last look are kept as long as somebody goes on looking.
 */
import { AddressSet } from '../../address-set.js'
import type { Connection } from '../../connection/connection.js'
import type { ConnectionInfo, ConnectionList, DirectionInfo } from '../../control/answers.js'
import { type ConnectionFilter, type ConnectionQuery, DEFAULT_LISTED } from '../../control/orders.js'
import { PipeLimiter } from '../../limits/bandwidth/pipe-limiter.js'
import { type Life, lifeSince } from '../../observe/records/life.js'
import { type Limiting, limitingOf } from '../../observe/records/limited-by.js'
import type { Pipe } from '../../pipe/pipe.js'
import type { ConnectionIds } from '../connection-ids.js'

/** ms. Every rate covers at least this time, however often somebody looks. */
const LEAST_SPAN_MS = 1000
/** ms. After a longer pause the next look counts as the first one: at all connections, or at one of them. */
const FORGET_AFTER_MS = 15_000

/** One connection at the last look. The next look overwrites it, so that a look leaves no garbage. */
interface Sample {
  at: number
  bytesUp: number
  bytesDown: number
  /** Bytes per second until then. */
  up: number
  down: number
}

/** What was known of a connection at its last look. Only connections that were listed have one. */
interface KnownLife {
  readonly at: number
  readonly life: Life
  readonly limiting: Limiting
}

type Tags = Connection['tags']
type OfLimiting = Pick<ConnectionInfo, 'limitedBy' | 'limitedShares'>

const NOT_KNOWN: OfLimiting = { limitedBy: undefined, limitedShares: undefined }

type Rates = Pick<Sample, 'up' | 'down'>

/** The proxy whose connections are watched. */
export interface Watched {
  readonly ids: ConnectionIds
  connections(): readonly Connection[]
}

export class ConnectionWatch {
  readonly #proxy: Watched
  /** The sample of a connection is collected with it. */
  #samples = new WeakMap<Connection, Sample>()
  #lives = new WeakMap<Connection, KnownLife>()
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(proxy: Watched) {
    this.#proxy = proxy
  }

  list(query: ConnectionQuery): ConnectionList {
    const { sort = 'rate', limit = DEFAULT_LISTED } = query
    const now = performance.now()
    this.#look(now)
    const matching = this.matching(query)
    const first = heaviest(matching, this.#weight(sort, now), limit)
    return {
      matched: matching.length,
      connections: first.map((connection) => this.#describe(connection, now)),
    }
  }

  /** One connection, without a look at all the others. */
  describe(connection: Connection): ConnectionInfo {
    const now = performance.now()
    const sample = this.#samples.get(connection)
    if (sample === undefined || now - sample.at >= LEAST_SPAN_MS) this.#sample(connection, now)
    return this.#describe(connection, now)
  }

  matching(filter: ConnectionFilter): readonly Connection[] {
    const { ids, listener, cluster, backend, client, tag, idleForMs, olderThanMs } = filter
    const now = performance.now()
    const wanted = ids && new Set(ids)
    const clients = client === undefined ? undefined : new AddressSet([client])
    return this.#proxy.connections().filter((each) => {
      if (wanted !== undefined && !wanted.has(this.#proxy.ids.known(each) ?? '')) return false
      if (listener !== undefined && each.service.name !== listener) return false
      if (cluster !== undefined && each.cluster !== cluster) return false
      if (backend !== undefined && each.backend?.name !== backend) return false
      if (tag !== undefined && !hasTag(each.tags, tag)) return false
      if (idleForMs !== undefined && idleMs(each, now) < idleForMs) return false
      if (olderThanMs !== undefined && each.ageMs < olderThanMs) return false
      return clients === undefined || clients.has(each.clientAddress)
    })
  }

  #weight(sort: NonNullable<ConnectionQuery['sort']>, now: number): (connection: Connection) => number {
    if (sort === 'age') return ({ ageMs }) => ageMs
    if (sort === 'idle') return (connection) => idleMs(connection, now)
    if (sort === 'bytes') return ({ totals }) => totals.bytesUp + totals.bytesDown
    return (connection) => {
      const { up, down } = this.#ratesOf(connection)
      return up + down
    }
  }

  #look(now: number): void {
    if (now - this.#lookedAt < LEAST_SPAN_MS) return
    if (now - this.#lookedAt > FORGET_AFTER_MS) {
      this.#samples = new WeakMap()
      this.#lives = new WeakMap()
    }
    this.#lookedAt = now
    for (const connection of this.#proxy.connections()) this.#sample(connection, now)
  }

  #sample(connection: Connection, now: number): void {
    const { bytesUp, bytesDown } = connection.totals
    const sample = this.#samples.get(connection)
    if (sample === undefined) {
      this.#samples.set(connection, { at: now, bytesUp, bytesDown, ...sinceAccepted(connection) })
      return
    }
    const seconds = (now - sample.at) / 1000
    sample.up = (bytesUp - sample.bytesUp) / seconds
    sample.down = (bytesDown - sample.bytesDown) / seconds
    sample.at = now
    sample.bytesUp = bytesUp
    sample.bytesDown = bytesDown
  }

  #ratesOf(connection: Connection): Rates {
    return this.#samples.get(connection) ?? sinceAccepted(connection)
  }

  /** Since the last look at this connection. Since the accept if there was none, or it is too long ago. */
  #limitingOf(connection: Connection, life: Life | undefined, now: number): OfLimiting {
    if (life === undefined) return NOT_KNOWN
    const before = this.#lives.get(connection)
    const sinceMs = before === undefined ? Number.POSITIVE_INFINITY : now - before.at
    if (sinceMs < LEAST_SPAN_MS) return before!.limiting
    const limiting = limitingOf(sinceMs > FORGET_AFTER_MS ? life : lifeSince(before!.life, life))
    this.#lives.set(connection, { at: now, life, limiting })
    return limiting
  }

  #describe(connection: Connection, now: number): ConnectionInfo {
    const facts = connection.facts()
    const rates = this.#ratesOf(connection)
    return {
      id: this.#proxy.ids.tell(connection),
      predecessor: undefined,
      listener: facts.listener,
      protocol: facts.protocol,
      client: facts.client,
      cluster: facts.cluster,
      backend: facts.backend,
      backendAddress: facts.backendAddress,
      via: facts.via,
      sni: facts.sni,
      tags: textsOf(facts.tags),
      phase: connection.phase,
      startedAt: new Date(facts.acceptedAt).toISOString(),
      ageMs: Math.round(facts.totalMicros / 1000),
      idleMs: Math.round(idleMs(connection, now)),
      ...this.#limitingOf(connection, facts.life, now),
      up: directionInfo(
        connection.pipe,
        'up',
        { bytes: facts.bytesUp, splicedBytes: facts.splicedUp },
        rates.up,
      ),
      down: directionInfo(
        connection.pipe,
        'down',
        { bytes: facts.bytesDown, splicedBytes: facts.splicedDown },
        rates.down,
      ),
    }
  }
}

/**
 * The `most` items with the largest weights, the largest first. One pass is enough, because nearly all of
 * many items weigh too little.
 */
function heaviest<Item>(items: readonly Item[], weigh: (item: Item) => number, most: number): Item[] {
  const found: Item[] = []
  const weights: number[] = []
  for (const item of items) {
    const weight = weigh(item)
    if (found.length === most && weight <= weights.at(-1)!) continue
    let place = weights.length
    for (; place > 0 && weights[place - 1]! < weight; place--);
    found.splice(place, 0, item)
    weights.splice(place, 0, weight)
    if (found.length <= most) continue
    found.pop()
    weights.pop()
  }
  return found
}

const textsOf = (tags: Tags): readonly string[] | undefined => {
  const texts = Object.entries(tags).map(([key, value]) => `${key}=${value}`)
  return texts.length === 0 ? undefined : texts
}

/** `wanted`: `KEY=VALUE`, or a key with any value. A key may have a "=". */
const hasTag = (tags: Tags, wanted: string): boolean =>
  Object.entries(tags).some(([key, value]) => wanted === key || wanted === `${key}=${value}`)

/** Rates of a connection that no look has seen before. */
function sinceAccepted({ totals, ageMs }: Connection): Rates {
  const seconds = Math.max(1, ageMs) / 1000
  return { up: totals.bytesUp / seconds, down: totals.bytesDown / seconds }
}

function directionInfo(
  pipe: Pipe | undefined,
  which: 'up' | 'down',
  moved: Pick<DirectionInfo, 'bytes' | 'splicedBytes'>,
  bytesPerSecond: number,
): DirectionInfo {
  const limits = pipe?.limits instanceof PipeLimiter ? pipe.limits : undefined
  return {
    ...moved,
    bytesPerSecond: Math.round(bytesPerSecond),
    mostBytesPerSecond: limits?.rates[which].bytesPerSecond || undefined,
    waitsFor: limits?.[which].awaited,
    carrier: pipe?.[which].carrier.name,
    notSplicing: pipe?.[which].whyCopying,
  }
}

/** A pipe's clock stands still between turns, so a byte may seem to have moved after `now`. */
function idleMs({ pipe, ageMs }: Connection, now: number): number {
  return pipe === undefined ? ageMs : Math.max(0, now - pipe.movedAt)
}

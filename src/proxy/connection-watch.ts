/**
 * Connections while they run: what each is and how fast its bytes move. Rates need two looks, so the counts of the last
 * one are kept for as long as somebody goes on looking.
 */
import { AddressSet } from '../address-set.js'
import type {
  ConnectionFilter,
  ConnectionInfo,
  ConnectionList,
  ConnectionQuery,
  DirectionInfo,
} from '../admin/control.js'
import type { Connection } from '../connection/connection.js'
import { whyCopying } from '../pipe/choose-carrier.js'
import type { Direction } from '../pipe/direction.js'
import type { RunningProxy } from './running-proxy.js'

const DEFAULT_LIMIT = 100
/** Rates are over at least this long (ms), however often somebody looks. */
const LEAST_SPAN_MS = 1000
/** Who has not looked for this long looks for the first time again. */
const FORGET_AFTER_MS = 15_000

interface Sample {
  readonly at: number
  readonly bytesUp: number
  readonly bytesDown: number
}

interface Rates {
  readonly up: number
  readonly down: number
}

export class ConnectionWatch {
  readonly #proxy: RunningProxy
  /** Of every connection, at the last look; a connection that is over takes its own along. */
  #samples = new WeakMap<Connection, Sample>()
  #rates = new WeakMap<Connection, Rates>()
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(proxy: RunningProxy) {
    this.#proxy = proxy
  }

  list(query: ConnectionQuery): ConnectionList {
    const { sort = 'rate', limit = DEFAULT_LIMIT } = query
    const now = performance.now()
    this.#look(now)
    const matching = this.matching(query)
    const weigh = this.#weight(sort, now)
    const weights = new Map(matching.map((connection) => [connection, weigh(connection)]))
    const first = [...matching].sort((a, b) => weights.get(b)! - weights.get(a)!).slice(0, limit)
    return {
      matched: matching.length,
      connections: first.map((connection) => this.#describe(connection, now)),
    }
  }

  matching(filter: ConnectionFilter): readonly Connection[] {
    const { ids, listener, cluster, backend, client, idleForMs, olderThanMs } = filter
    const now = performance.now()
    const wanted = ids && new Set(ids)
    const clients = client === undefined ? undefined : new AddressSet([client])
    return this.#proxy.connections().filter((each) => {
      if (wanted !== undefined && !wanted.has(this.#proxy.toldId(each) ?? '')) return false
      if (listener !== undefined && each.service.name !== listener) return false
      if (cluster !== undefined && each.cluster !== cluster) return false
      if (backend !== undefined && each.backend?.name !== backend) return false
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
    if (now - this.#lookedAt > FORGET_AFTER_MS) this.#samples = new WeakMap()
    this.#lookedAt = now
    this.#rates = new WeakMap()
    for (const connection of this.#proxy.connections()) {
      const { bytesUp, bytesDown } = connection.totals
      this.#rates.set(connection, this.#ratesSince(this.#samples.get(connection), connection, now))
      this.#samples.set(connection, { at: now, bytesUp, bytesDown })
    }
  }

  #ratesOf(connection: Connection): Rates {
    return this.#rates.get(connection) ?? this.#ratesSince(undefined, connection, performance.now())
  }

  /** Without an earlier sample: since it was accepted. */
  #ratesSince(sample: Sample | undefined, { totals, ageMs }: Connection, now: number): Rates {
    const seconds = Math.max(0.001, (sample === undefined ? ageMs : now - sample.at) / 1000)
    return {
      up: (totals.bytesUp - (sample?.bytesUp ?? 0)) / seconds,
      down: (totals.bytesDown - (sample?.bytesDown ?? 0)) / seconds,
    }
  }

  #describe(connection: Connection, now: number): ConnectionInfo {
    const facts = connection.facts()
    const rates = this.#ratesOf(connection)
    return {
      id: this.#proxy.idOf(connection),
      listener: facts.listener,
      protocol: facts.protocol,
      client: facts.client,
      cluster: facts.cluster,
      backend: facts.backend,
      backendAddress: facts.backendAddress,
      sni: facts.sni,
      phase: connection.phase,
      startedAt: new Date(facts.acceptedAt).toISOString(),
      ageMs: Math.round(facts.totalMicros / 1000),
      idleMs: Math.round(idleMs(connection, now)),
      up: directionInfo(connection.pipe?.up, facts.bytesUp, facts.splicedUp, rates.up),
      down: directionInfo(connection.pipe?.down, facts.bytesDown, facts.splicedDown, rates.down),
    }
  }
}

function directionInfo(
  direction: Direction | undefined,
  bytes: number,
  splicedBytes: number,
  bytesPerSecond: number,
): DirectionInfo {
  return {
    bytes,
    splicedBytes,
    bytesPerSecond: Math.round(bytesPerSecond),
    carrier: direction?.carrier.name,
    notSplicing: direction && whyCopying(direction),
  }
}

/** A pipe's clock stands still between turns, so a byte may seem to have moved after `now`. */
function idleMs({ pipe, ageMs }: Connection, now: number): number {
  return pipe === undefined ? ageMs : Math.max(0, now - pipe.movedAt)
}

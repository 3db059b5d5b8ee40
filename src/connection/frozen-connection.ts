/**
 * A connection that another process goes on with, as plain data: what its record says, and the state of its pipe.
 */
import { formatAddress, formatPeer } from '../address.js'
import type { RateChange } from '../limits/bandwidth/pipe-limiter.js'
import type { OpeningFacts } from '../observe/records/record.js'
import type { FrozenPipe } from '../pipe/frozen.js'
import type { Moved } from './backend/exchange.js'
import type { Connection } from './connection.js'
import type { Decision } from './decision/read-decision.js'

/** Everything but the sockets, which go along as fds. */
export interface FrozenConnection {
  readonly id: string
  readonly listener: string
  readonly cluster: string
  readonly backend: string
  /** The address where the backend was reached, or with `via` the forward proxy on the way to it. */
  readonly reached: string
  readonly via: boolean
  /** Address of the peer. */
  readonly from?: string | undefined
  /** ms since 1970. */
  readonly acceptedAt: number
  readonly retries: number
  readonly waitMicros?: number | undefined
  readonly queuedMicros?: number | undefined
  readonly connectMicros?: number | undefined
  readonly firstByteMicros?: number | undefined
  readonly askedBytes?: number | undefined
  /** What was learnt before the pipe. Undefined: client and backend were simply joined. */
  readonly learnt?: OpeningFacts | undefined
  /** The client that a trusted proxy has named, if its address counts as a source. */
  readonly named?: string | undefined
  /** The key of its Postgres session, which can be cancelled. */
  readonly session?: string | undefined
  /** What a route function has decided about it, as far as that still matters. */
  readonly decision?: Pick<Decision, 'tags' | 'timeouts' | 'limits'> | undefined
  /** Bytes that were moved before the pipe. */
  readonly before: Moved
  /** The rates that an operator has given to the connection, in bytes per second. 0: no limit. */
  readonly rates?: RateChange | undefined
  readonly pipe: FrozenPipe
}

/** What a connection that stands still is, for another process. */
export function toFrozen(
  connection: Connection,
  id: string,
  pipe: FrozenPipe,
  rates: FrozenConnection['rates'],
): FrozenConnection {
  const facts = connection.facts()
  const moved = connection.pipe!.totals
  const named = connection.countedClient
  return {
    id,
    listener: facts.listener,
    cluster: facts.cluster!,
    backend: facts.backend!,
    reached: facts.backendAddress ?? facts.via!,
    via: facts.via !== undefined,
    from: connection.peer === undefined ? undefined : formatPeer(connection.peer),
    acceptedAt: facts.acceptedAt,
    retries: facts.retries,
    waitMicros: facts.waitMicros,
    queuedMicros: facts.queuedMicros,
    connectMicros: facts.connectMicros,
    firstByteMicros: facts.firstByteMicros,
    askedBytes: connection.askedBytes,
    learnt: connection.learnt,
    named: typeof named === 'object' ? formatAddress(named) : undefined,
    session: connection.session,
    decision: lastingPart(connection.decision),
    before: { bytesUp: facts.bytesUp - moved.bytesUp, bytesDown: facts.bytesDown - moved.bytesDown },
    rates,
    pipe,
  }
}

function lastingPart(decision: Decision | undefined): FrozenConnection['decision'] {
  if (decision === undefined) return undefined
  const { tags, timeouts, limits } = decision
  return { tags, timeouts, limits }
}

/**
 * A connection that another process goes on with, as plain data: what its record says, and the state of its pipe. Either process may
 * be of another version, so what comes is checked.
 */
import { z } from 'zod'
import { formatAddress, formatPeer } from '../address.js'
import type { RateChange } from '../limits/bandwidth/pipe-limiter.js'
import type { OpeningFacts } from '../observe/records/record.js'
import type { FrozenPipe } from '../pipe/frozen.js'
import type { Moved } from './backend/exchange.js'
import type { Connection } from './connection.js'

const text = z.string().max(20_000)
const count = z.number().min(0)
const maybe = <Value>(schema: z.ZodType<Value>) => schema.optional()

const learntSchema = z.object({
  protocol: z.enum(['TCP', 'TLS', 'HTTP', 'HTTPS', 'WS', 'WSS']),
  speaks: maybe(text),
  client: maybe(text),
  peer: maybe(text),
  proxy: maybe(
    z.object({
      from: text,
      version: z.union([z.literal(1), z.literal(2)]),
      command: z.enum(['local', 'proxy']),
      destination: maybe(text),
      authority: maybe(text),
      uniqueId: maybe(text),
      tlsVersion: maybe(text),
      tlvs: z.array(z.number()),
      tlvValues: maybe(z.array(z.object({ type: z.number(), value: text }))),
    }),
  ),
  sni: maybe(text),
  alpn: maybe(z.array(text)),
  tls: maybe(z.object({ version: text, cipher: text, clientName: maybe(text) })),
  backendTls: maybe(z.object({ version: text, cipher: text, alpn: maybe(text) })),
  http: maybe(z.object({ method: text, authority: text, path: text, status: maybe(z.number()) })),
})

const directionSchema = z.object({
  phase: z.enum(['flowing', 'draining', 'finished']),
  isSplicing: z.boolean(),
  bytes: count,
  inside: count,
  splicedBytes: count,
  copiedInside: count,
  refusal: maybe(text),
})

const connectionSchema = z.object({
  id: text,
  listener: text,
  cluster: text,
  backend: text,
  reached: text,
  via: z.boolean(),
  from: maybe(text),
  acceptedAt: z.number(),
  retries: count,
  waitMicros: maybe(count),
  queuedMicros: maybe(count),
  connectMicros: maybe(count),
  firstByteMicros: maybe(count),
  learnt: maybe(learntSchema),
  named: maybe(text),
  session: maybe(text),
  before: z.object({ bytesUp: count, bytesDown: count }),
  rates: maybe(z.object({ up: maybe(count), down: maybe(count) })),
  pipe: z.object({
    up: directionSchema,
    down: directionSchema,
    ends: z.int().min(0).max(15),
    ageMs: count,
    silentMs: count,
  }),
})

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
  /** What was learnt before the pipe. Undefined: client and backend were simply joined. */
  readonly learnt?: OpeningFacts | undefined
  /** The client that a trusted proxy has named, if its address counts as a source. */
  readonly named?: string | undefined
  /** The name of its Postgres session, which can be cancelled. */
  readonly session?: string | undefined
  /** Bytes that were moved before the pipe. */
  readonly before: Moved
  /** The rates that an operator has given to the connection, in bytes per second. 0: no limit. */
  readonly rates?: RateChange | undefined
  readonly pipe: FrozenPipe
}

/** Undefined: this version does not understand it. */
export function readFrozen(message: unknown): FrozenConnection | undefined {
  return connectionSchema.safeParse(message).data as FrozenConnection | undefined
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
    learnt: connection.learnt,
    named: typeof named === 'object' ? formatAddress(named) : undefined,
    session: connection.session,
    before: { bytesUp: facts.bytesUp - moved.bytesUp, bytesDown: facts.bytesDown - moved.bytesDown },
    rates,
    pipe,
  }
}

/**
 * The schema of a connection that another process has frozen. That process may be of another version, so what comes is checked. Only
 * code that is about to take connections loads this file: processes that serve need no zod.
 */
import * as z from 'zod'
import type { FrozenConnection } from './frozen-connection.js'

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
  routeMicros: maybe(count),
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
  askedBytes: maybe(count),
  learnt: maybe(learntSchema),
  named: maybe(text),
  session: maybe(text),
  decision: maybe(
    z.object({
      tags: maybe(z.record(z.string(), text)),
      timeouts: maybe(z.record(z.string(), count)),
      limits: maybe(
        z.object({
          maxConnections: maybe(count),
          bytesPerSecond: maybe(z.object({ up: count, down: count })),
          maxBytes: maybe(count),
        }),
      ),
    }),
  ),
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

/** Undefined: this version does not understand it. */
export function readFrozen(message: unknown): FrozenConnection | undefined {
  return connectionSchema.safeParse(message).data as FrozenConnection | undefined
}

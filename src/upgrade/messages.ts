/**
 * The messages of an upgrade: between the process that serves (the predecessor) and the one that takes its place (the successor).
 * They pass over a channel as JSON. Either side may be of another version. So each side checks every message when it
 * comes, and ignores fields that it does not know.
 */
import * as z from 'zod'
import { keptChanges } from '../config/changes/change-schema.js'
import { LOG_LEVELS } from '../config/schemas/log-schema.js'
import { MillraceError } from '../errors.js'
import type { OthersCount } from '../limits/counts/counts-of-another.js'
import { FIRST_FD, PROTOCOL } from './protocol.js'

const text = z.string().max(100_000)
const count = z.number().min(0)
/** A field that may be missing. Types of millrace have it as undefined. */
const maybe = <Value>(schema: z.ZodType<Value>) => schema.optional().transform((value) => value)
const optionalText = maybe(text)
const optionalNumber = maybe(z.number())

const address = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('tcp'), host: text, port: z.int().min(0).max(65_535) }),
  z.object({ kind: z.literal('unix'), path: text }),
])

/** A listener of the predecessor that is open. */
const bequest = z.object({
  name: text,
  /** As the config says it. */
  asked: address,
  /** With the port in use. */
  address,
  ipv6Only: z.boolean(),
  /** Of the successor. */
  fds: z.array(z.int().min(FIRST_FD)).max(1000),
})
export type Bequest = z.infer<typeof bequest>

/** As `SocketOptions` of src/io. */
const socketOptions = z.object({
  dscp: z.number().optional(),
  mark: z.number().optional(),
  interface: text.optional(),
  isTransparent: z.boolean().optional(),
  congestion: text.optional(),
})

/** What holds for one backend or cluster, as processes tell each other. */
const place = { cluster: text, backend: text }
const checkVerdict = z.object({
  isUp: z.boolean(),
  reason: text,
  detail: optionalText,
  changedAt: count,
  checks: count,
  checksFailed: count,
  passedAgoMs: count,
})
const agentVerdict = z.object({
  isUp: maybe(z.boolean()),
  admin: maybe(z.enum(['ready', 'drain', 'maint'])),
  weightPercent: optionalNumber,
  maxConnections: optionalNumber,
  reason: optionalText,
})
const passiveVerdict = z.object({
  judgedBy: z.enum(['connects', 'answers']),
  reason: text,
  detail: optionalText,
  restMs: count,
  times: count,
})
const moved = z.object({ tier: optionalNumber, version: count, isFailback: z.boolean() })
const verdict = z.discriminatedUnion('about', [
  z.object({ about: z.literal('checks'), ...place, verdict: maybe(checkVerdict) }),
  z.object({ about: z.literal('agent'), ...place, verdict: maybe(agentVerdict) }),
  z.object({ about: z.literal('backend'), ...place, verdict: maybe(passiveVerdict) }),
  z.object({ about: z.literal('tier'), cluster: text, moved }),
])

const backendOrder = z.object({
  ...place,
  state: maybe(z.enum(['up', 'drain', 'maint'])),
  weight: optionalNumber,
  /** The weight of the config that the order has changed. With another one in the new config, the order for it ends. */
  givenWeight: z.number(),
})
export type HandedBackendOrder = z.infer<typeof backendOrder>

const ban = z.object({
  scope: text,
  /** With its prefix. */
  network: text,
  leftMs: count,
  why: text,
  refused: count,
})

const othersCount = z.object({
  scope: text,
  source: optionalText,
  held: count,
  bytesToday: count.default(0),
  busyUntil: count.default(0),
}) satisfies z.ZodType<OthersCount>

/** What of the predecessor changes until its last connection has ended. `counts`: as `status` tells them. */
const left = { counts: z.record(z.string(), z.unknown()), connections: count }
const leftObject = z.object(left)
export type Left = z.infer<typeof leftObject>

const state = z.object({
  /** An operator has set it. It holds if the new config says the same level as the one before. */
  logLevel: maybe(z.object({ level: z.enum(LOG_LEVELS), configured: text })),
  backends: z.array(backendOrder),
  holds: z.array(z.object({ cluster: text, maxMs: count })),
  verdicts: z.array(verdict),
  bans: z.array(ban),
  ticketKeys: z.array(text).max(10),
  ...left,
})
/** What the predecessor hands over. Its clients wait until the successor has it. */
export type HandedState = z.infer<typeof state>

const plainError = z.object({
  code: optionalText,
  message: text,
  problems: z.array(
    z.object({ file: text, line: z.number(), column: z.number(), path: text, message: text }),
  ),
})

export type TellableError = z.infer<typeof plainError>

/** A question about the whole proxy: a method of its control, as its version has it. */
const ask = z.object({
  kind: z.literal('ask'),
  id: z.int(),
  method: text,
  args: z.array(z.unknown()),
})
export type Ask = z.infer<typeof ask>
const answer = z.object({
  kind: z.literal('answer'),
  id: z.int(),
  value: z.unknown().optional(),
  error: maybe(plainError),
})
export type Answer = z.infer<typeof answer>

const begin = z.object({
  kind: z.literal('begin'),
  protocol: z.literal(PROTOCOL),
  version: text,
  pid: z.int(),
  listeners: z.array(bequest),
  /** The options that the config of the predecessor has given to listening sockets. */
  options: maybe(z.array(z.object({ address, options: socketOptions }))),
  /** Sockets that a service manager has opened. */
  activated: z.array(z.object({ name: text, number: z.int(), fd: z.int().min(FIRST_FD) })).max(1024),
  /** Listeners that an operator has drained. */
  drained: z.array(text),
  /** Changes to the config that are not in its file. Missing in versions without them. */
  changes: maybe(keptChanges),
  /** The sockets of the admin addresses. */
  admin: z.array(z.object({ address, isDefault: z.boolean(), fd: z.int().min(FIRST_FD) })),
})
export type Begin = z.infer<typeof begin>

const toSuccessor = z.discriminatedUnion('kind', [
  begin,
  z.object({ kind: z.literal('state'), state }),
  /** Before the state and after it, in parts. Only what has changed. */
  z.object({ kind: z.literal('limits'), limits: z.array(othersCount) }),
  /** After the state again and again, and after the last connection. */
  z.object({ kind: z.literal('left'), ...left }),
  ask,
  answer,
])
export type ToSuccessor = z.infer<typeof toSuccessor>

const serving = z.object({
  kind: z.literal('serving'),
  /** Unix sockets at which processes of the successor take connections over. */
  handOver: z.array(text).default([]),
  /** When it began to accept, in ms since 1970. */
  since: count.default(0),
})
export type Serving = z.infer<typeof serving>

const toPredecessor = z.discriminatedUnion('kind', [
  /** It could serve now. It accepts nobody before it has the state. */
  z.object({ kind: z.literal('ready'), protocol: z.literal(PROTOCOL), version: text }),
  z.object({ kind: z.literal('failed'), error: plainError }),
  serving,
  ask,
  answer,
])
export type ToPredecessor = z.infer<typeof toPredecessor>

/** @throws MillraceError `wrong-state` if the other process speaks another protocol */
export const readToSuccessor = (message: unknown): ToSuccessor => read(toSuccessor, message)
/** @throws MillraceError `wrong-state` if the other process speaks another protocol */
export const readToPredecessor = (message: unknown): ToPredecessor => read(toPredecessor, message)

function read<Message>(schema: z.ZodType<Message>, message: unknown): Message {
  const { protocol = PROTOCOL, version } = Object(message) as { protocol?: unknown; version?: unknown }
  if (protocol !== PROTOCOL)
    throw new MillraceError(
      'wrong-state',
      `millrace ${String(version)} hands over by protocol ${String(protocol)}, this version by ${PROTOCOL}: restart it instead`,
    )
  const result = schema.safeParse(message)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new MillraceError(
    'wrong-state',
    `the other process of the upgrade sent a message that this version does not understand: ${issue?.path.join('.')}: ${issue?.message}`,
  )
}

/** The list of all fields of a record. A field that is not here, or is of another kind, fails the test. */
import { z } from 'zod'
import { MOST_NAMED } from '../../src/cluster/explanation.js'
import { BALANCE_RULES } from '../../src/config/schemas/balance-schema.js'
import { ENDINGS, type EndingKind, kindOf } from '../../src/observe/endings.js'
import { LIMITS, NOBODY, PARTIES, PHASES } from '../../src/status/common.js'

const count = z.number().int().min(0)
const ms = z.number().min(0)
const ip4 = String.raw`\d+\.\d+\.\d+\.\d+:\d+`
const ip6 = String.raw`\[[0-9a-f:]+\]:\d+`
const address = z.string().regex(new RegExp(`^(${ip4}|${ip6}|unix:.*)$`, 's'))

/** The fields that the logger adds to every line. */
const logged = { level: z.literal(30), time: count, pid: count, hostname: z.string() }

const causesThat = (may: (kind: EndingKind) => boolean): string[] => [
  ...new Set(ENDINGS.filter(may).map(({ cause }) => cause)),
]
const plainCause = z.enum(causesThat(({ detail }) => detail !== 'always'))
const detailed = causesThat(({ detail }) => detail !== undefined).join('|')
/** The text behind the colon is for people. */
const detailedCause = z.string().regex(new RegExp(`^(${detailed}): [^\\p{Cc}]+$`, 'u'))

const ended = z
  .strictObject({
    by: z.enum(PARTIES),
    phase: z.enum(PHASES),
    cause: z.union([plainCause, detailedCause]),
    errno: z
      .string()
      .regex(/^(E[A-Z]+|CONNECT_5\d\d)$/)
      .optional(),
    waitedFor: z.enum(['client', 'backend']).optional(),
  })
  .refine((ending) => {
    const kind = kindOf(ending)
    const isWaitedFor = kind.waitedFor === ending.waitedFor || ending.waitedFor === 'client'
    return kind.by === ending.by && kind.phases.includes(ending.phase) && isWaitedFor
  }, 'no such ending in src/observe/endings.ts')

const proxy = z.strictObject({
  from: address,
  version: z.union([z.literal(1), z.literal(2)]),
  command: z.enum(['local', 'proxy']),
  destination: address.optional(),
  authority: z.string().optional(),
  uniqueId: z.base64().optional(),
  tlsVersion: z.string().optional(),
  tlvs: z.array(count.max(255)),
  tlvValues: z.array(z.strictObject({ type: count.min(0xe0).max(255), value: z.base64() })).optional(),
})

const http = z.strictObject({
  method: z.string().min(1),
  authority: z.string(),
  path: z.string().min(1),
  status: count.min(100).max(599).optional(),
})

const load = { open: count, weight: z.number().min(0), share: z.number().min(0).optional() }
const choice = z.strictObject({
  rule: z.enum([...BALANCE_RULES, 'dial']),
  tier: count.optional(),
  candidates: count,
  open: load.open.optional(),
  weight: load.weight.optional(),
  share: load.share,
  hasKey: z.boolean().optional(),
  place: count.min(1).optional(),
  full: count.optional(),
  drawn: z
    .array(z.strictObject({ backend: z.string().min(1), ...load }))
    .min(1)
    .max(2)
    .optional(),
  skipped: z
    .array(
      z.strictObject({
        backend: z.string().min(1),
        why: z.enum([
          'failed',
          'drain',
          'maint',
          'weight',
          'unresolved',
          'down',
          'ejected',
          'flapping',
          'full',
          'tier',
          'not-allowed',
        ]),
        errno: z.string().optional(),
        judgedBy: z.string().optional(),
        reason: z.string().optional(),
        restingMs: count.optional(),
      }),
    )
    .max(MOST_NAMED),
  skippedInAll: count,
})

const slowed = z.strictObject({
  by: z.enum(['connection', 'source', 'listener', 'cluster', 'process']),
  bytesPerSecond: count.optional(),
  waitedMs: count.optional(),
})

export const recordSchema = z.strictObject({
  id: z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
  startedAt: z.iso.datetime({ precision: 3 }),
  listener: z.string().min(1),
  protocol: z.enum(['TCP', 'TLS', 'HTTP', 'HTTPS', 'WS', 'WSS']),
  tags: z.record(z.string(), z.string()),
  /** `unknown` if the client was gone before millrace could ask for its address. */
  client: address.or(z.literal('unknown')),
  peer: address.optional(),
  cluster: z.string().min(1).optional(),
  backend: z.string().min(1).optional(),
  backendAddress: address.optional(),
  via: z
    .string()
    .regex(/^(socks5|http):\/\/[^/@]+:\d+$/)
    .optional(),
  retries: count,
  choice: choice.optional(),
  timings: z.strictObject({
    waitMs: ms.optional(),
    queuedMs: ms.optional(),
    connectMs: ms.optional(),
    firstByteMs: ms.optional(),
    totalMs: ms,
  }),
  rttMicros: z.strictObject({ client: count.optional(), backend: count.optional() }),
  bytesUp: count,
  bytesDown: count,
  splicedUp: count,
  splicedDown: count,
  notSplicing: z.string().min(1).optional(),
  limited: z.strictObject({ up: slowed.optional(), down: slowed.optional() }).optional(),
  limitedBy: z.enum([...LIMITS, NOBODY]).optional(),
  limitedShares: z.partialRecord(z.enum(LIMITS), z.number().min(0.01).max(1)).optional(),
  proxy: proxy.optional(),
  speaks: z
    .string()
    .regex(/^(tls|http|ssh|postgres|rdp|redis|proxy|nothing|hex:[\da-f]+)$/)
    .optional(),
  sni: z.string().min(1).optional(),
  alpn: z.array(z.string()).optional(),
  tls: z
    .strictObject({
      version: z.string().min(1),
      cipher: z.string().min(1),
      clientName: z.string().optional(),
    })
    .optional(),
  backendTls: z
    .strictObject({ version: z.string().min(1), cipher: z.string().min(1), alpn: z.string().optional() })
    .optional(),
  http: http.optional(),
  /** Only in a record of a connection that is still open, which has no end: see `openRecordSchema`. */
  final: z.undefined().optional(),
  ended,
  termination: z.string().regex(/^(--|[CcSsRKIPDUL][RQCHD])$/),
})

/** A record as a line of the log. */
export const loggedRecordSchema = recordSchema.extend({ ...logged, msg: z.literal('connection') })

export const openRecordSchema = recordSchema
  .omit({ ended: true, termination: true })
  .extend({ final: z.literal(false) })

export type AccessRecord = z.infer<typeof recordSchema>

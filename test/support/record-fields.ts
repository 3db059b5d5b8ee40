/** The written list of what a record holds: a field that is not here, or of another kind, fails. */
import { z } from 'zod'

const count = z.number().int().min(0)
const ms = z.number().min(0)
const ip4 = String.raw`\d+\.\d+\.\d+\.\d+:\d+`
const ip6 = String.raw`\[[0-9a-f:]+\]:\d+`
const address = z.string().regex(new RegExp(`^(${ip4}|${ip6}|unix:.*)$`))

/** What the logger adds to every line. */
const logged = { level: z.literal(30), time: count, pid: count, hostname: z.string() }

const ended = z.strictObject({
  by: z.enum(['client', 'backend', 'proxy']),
  phase: z.enum(['connect', 'data']),
  cause: z.enum([
    'finished',
    'reset',
    'idle-timeout',
    'half-closed-timeout',
    'lifetime',
    'ordered',
    'infinite-loop',
    'no-backend',
    'connect-timeout',
    'out-of-resources',
    'client-gone',
  ]),
  errno: z
    .string()
    .regex(/^E[A-Z]+$/)
    .optional(),
  waitedFor: z.enum(['client', 'backend']).optional(),
})

export const recordSchema = z.strictObject({
  id: z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
  startedAt: z.iso.datetime({ precision: 3 }),
  listener: z.string().min(1),
  protocol: z.literal('TCP'),
  tags: z.record(z.string(), z.string()),
  /** `unknown` where the client was gone before its address could be asked for. */
  client: address.or(z.literal('unknown')),
  cluster: z.string().min(1),
  backend: z.string().min(1).optional(),
  backendAddress: address.optional(),
  retries: count,
  timings: z.strictObject({ connectMs: ms.optional(), firstByteMs: ms.optional(), totalMs: ms }),
  rttMicros: z.strictObject({ client: count.optional(), backend: count.optional() }),
  bytesUp: count,
  bytesDown: count,
  splicedUp: count,
  splicedDown: count,
  notSplicing: z.string().min(1).optional(),
  ended,
  termination: z.string().regex(/^(--|[CcSsRKI][CD])$/),
})

/** The same as a line of the log. */
export const loggedRecordSchema = recordSchema.extend({ ...logged, msg: z.literal('connection') })

export type AccessRecord = z.infer<typeof recordSchema>

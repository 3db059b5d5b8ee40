/**
 * Shapes of the API's answers, for the OpenAPI document. They are strict: an answer with a field that is not
 * here is a bug.
 */
import * as z from 'zod'
import { keptChange } from '../../config/changes/change-schema.js'
import type {
  BanInfo,
  BanList,
  Banned,
  Changed,
  ChangedListener,
  Difference,
  DrainResult,
  Held,
  Killed,
  Limited,
  Released,
  Reloaded,
  ServingTier,
  SourceList,
  Unbanned,
  Upgraded,
} from '../../control/answers.js'
import { BACKEND, BACKEND_STATE, CLUSTER } from '../../status/cluster.js'
import { CONNECTION } from '../../status/connection.js'
import { LISTENER } from '../../status/listener.js'
import { COUNTS_SAMPLE, TRAFFIC_SAMPLE } from '../../status/sample.js'
import { STATUS } from '../../status/status.js'
import { toldSchema } from './told-schema.js'

const count = z.int().min(0)

export const log = z.strictObject({ level: z.string(), file: z.string().optional() })

export const nothing = z.strictObject({})

export const killed = z.strictObject({ killed: count }) satisfies z.ZodType<Killed>

const source = z.strictObject({
  scope: z.string().describe('process, listener/NAME or cluster/NAME'),
  source: z.string().describe('such as 192.0.2.1 or 2001:db8::/64'),
  connections: count.describe('connections that are open'),
  newPerSecond: count.describe('connections that came in the last second'),
  bytesToday: count.describe('both directions together, since 0:00 UTC. 0 if no limit counts them'),
})

export const sourceList = z.strictObject({
  isShared: z.boolean().describe('whether all workers count together'),
  matched: count.describe('sources that are known, listed or not'),
  sources: z.array(source),
}) satisfies z.ZodType<SourceList>

export const limited = z.strictObject({ id: z.string() }) satisfies z.ZodType<Limited>

export const drained = z.strictObject({
  finished: count,
  closed: count,
  cut: count,
  left: count.optional().describe('connections that are there and go on. Only without a deadline'),
  cancelled: z
    .literal(true)
    .optional()
    .describe('the drain was cancelled before it was done. The connections that are left go on'),
}) satisfies z.ZodType<DrainResult>

export const servingTier = z.strictObject({
  cluster: z.string(),
  servingTier: z
    .int()
    .min(0)
    .optional()
    .describe('the tier that gets new connections. Missing: no backend works'),
}) satisfies z.ZodType<ServingTier>

export const banned = z.strictObject({
  network: z.string().describe('what is banned: the network of the order, or the source of its address'),
  until: z.iso.datetime(),
  killed: count.optional().describe('connections that were reset, if the order asked for it'),
  trustedBy: z
    .array(z.string())
    .describe('listeners that trust a proxy of this network. They turn away only clients that it names'),
}) satisfies z.ZodType<Banned>

export const unbanned = z.strictObject({ unbanned: count }) satisfies z.ZodType<Unbanned>

const ban = z.strictObject({
  network: z.string(),
  listener: z.string().optional().describe('missing: the ban is for all listeners'),
  by: z.enum(['operator', 'limit']),
  why: z.string(),
  until: z.iso.datetime(),
  leftMs: z.number().min(0),
  refused: count.describe('clients that were turned away'),
}) satisfies z.ZodType<BanInfo>

export const banList = z.strictObject({
  matched: count,
  bans: z.array(ban),
}) satisfies z.ZodType<BanList>

export const held = z.strictObject({
  cluster: z.string(),
  connections: count.describe('connections that are there: they go on, or are drained if the order says so'),
}) satisfies z.ZodType<Held>

export const released = z.strictObject({
  cluster: z.string(),
  waited: count.describe('clients that have waited for the release'),
}) satisfies z.ZodType<Released>

export const reloaded = z.strictObject({
  changed: z.array(z.string()),
  needsRestart: z.array(z.string()),
  changes: z
    .strictObject({
      kept: z.array(z.string()).describe('they hold, and the config file does not have them'),
      ended: z.array(z.string()).describe('the config file has them by now'),
      aside: z.array(z.string()).describe('they do not fit the config file: they have no effect, and why'),
    })
    .optional()
    .describe('changes at run time, if there are any'),
}) satisfies z.ZodType<Reloaded>

export const changed = z.strictObject({
  done: z.array(z.string()).describe('such as `add backend app/10.0.0.5:80`'),
  unchanged: z.array(z.string()).describe('what they add is there already, with the same values'),
}) satisfies z.ZodType<Changed>

export const changedListener = z.strictObject({
  name: z.string(),
  address: z.string().describe('with the port in use'),
  isListening: z.boolean(),
  active: count.describe('its connections, which go on'),
}) satisfies z.ZodType<ChangedListener>

export const difference = z.strictObject({
  isSame: z.boolean(),
  changes: z.array(
    z.strictObject({
      text: z.string().describe('such as `add backend app/10.0.0.5:80`'),
      change: keptChange,
      aside: z.string().optional().describe('why it has no effect'),
    }),
  ),
  notLoaded: z.array(z.string()).describe('what the config file says otherwise since it was loaded'),
  needsRestart: z.array(z.string()).describe('what only a restart or an upgrade would take up'),
  problem: z.string().optional().describe('why the config file cannot be compared'),
}) satisfies z.ZodType<Difference>

export const upgraded = z.strictObject({
  pid: z.int().describe('the process that serves from now on'),
  version: z.string(),
  tookMs: count.describe('ms from the order until the new process serves'),
  pausedMs: count.describe('ms of these in which nobody accepted: clients waited'),
}) satisfies z.ZodType<Upgraded>

export const listener = toldSchema(LISTENER)
export const backendStatus = toldSchema(BACKEND_STATE)
export const backend = toldSchema(BACKEND)
export const cluster = toldSchema(CLUSTER)
export const status = toldSchema(STATUS)
export const history = z.strictObject({
  traffic: z.array(toldSchema(TRAFFIC_SAMPLE)).describe('every 10 s, the oldest one first'),
  counts: z.array(toldSchema(COUNTS_SAMPLE)).describe('every 30 s, the oldest one first'),
})

const connection = toldSchema(CONNECTION, false)
export const connectionList = z.strictObject({ matched: count, connections: z.array(connection) })

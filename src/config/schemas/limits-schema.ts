/**
 * Limits of the whole proxy, of a listener and of a cluster, as a config says them. `limit-references.ts` checks which keys go
 * together.
 */

import type * as z from 'zod'
import type {
  AccessList,
  BanPolicy,
  ClusterLimits,
  ConnectionLimits,
  ListenerLimits,
  ProcessLimits,
  RefuseAs,
  SourceLimits,
  WhenFull,
} from '../../limits/policy.js'
import { USUAL_PREFIXES } from '../../source.js'
import { USUAL_SOURCES } from '../constants.js'
import { expected } from '../wording.js'
import { accessListField } from './access-list-schema.js'
import * as fields from './fields.js'
import { bandwidthField, bytesField, limitField, rateField } from './limit-fields.js'

export const WHEN_FULL = ['wait', 'refuse'] as const satisfies readonly WhenFull[]
export const REFUSE_AS = ['reset', 'close', 'auto', 'mysql', 'smtp'] as const satisfies readonly RefuseAs[]

export const FEWEST_SOURCES = 1000
export const MOST_SOURCES = 10_000_000
const MOST_QUEUED = 1_000_000
const MOST_REFUSALS = 1000
/** Whole subnets of one customer: RFC 6177. */
const USUAL_BAN: BanPolicy = { after: 10, withinMs: 60_000, forMs: 600_000 }
const SHORTEST_IDLE_MS = 1000

const perSource: z.ZodType<SourceLimits> = fields.strictMap('a map, such as { maxConnections: 20 }', {
  prefix4: fields.wholeNumberField(8, 32).default(USUAL_PREFIXES.prefix4),
  prefix6: fields.wholeNumberField(16, 128).default(USUAL_PREFIXES.prefix6),
  maxConnections: limitField,
  newPerSecond: fields.optional(rateField),
  bytesPerSecond: fields.optional(bandwidthField),
  bytesPerDay: bytesField,
})

const perConnection: z.ZodType<ConnectionLimits> = fields.strictMap('a map, such as { maxBytes: 10GiB }', {
  bytesPerSecond: fields.optional(bandwidthField),
  maxBytes: bytesField,
})

const common = {
  newPerSecond: fields.optional(rateField),
  bytesPerSecond: fields.optional(bandwidthField),
  maxConnections: limitField,
  perSource: fields.optional(perSource),
  perConnection: fields.optional(perConnection),
  whenFull: fields.choiceOf(WHEN_FULL).default('wait'),
  refuseAs: fields.optional(fields.choiceOf(REFUSE_AS)),
  dryRun: fields.booleanField.default(false),
}

const ban: z.ZodType<BanPolicy> = fields.strictMap('a map: { after, withinMs, forMs }, {} for the defaults', {
  after: fields.wholeNumberField(1, MOST_REFUSALS).default(USUAL_BAN.after),
  withinMs: fields.waitField.default(USUAL_BAN.withinMs),
  forMs: fields.waitField.default(USUAL_BAN.forMs),
})

const access: {
  allow: z.ZodType<AccessList | undefined>
  deny: z.ZodType<AccessList | undefined>
  ban: z.ZodType<BanPolicy | undefined>
} = {
  allow: fields.optional(accessListField),
  deny: fields.optional(accessListField),
  ban: fields.optional(ban),
}

const evictIdle = fields.strictMap('a map: { afterMs }', {
  afterMs: fields.waitField.refine((ms) => ms >= SHORTEST_IDLE_MS, {
    error: ({ input }) => expected('a duration from 1s to 24d', input),
  }),
})

export const processLimitsField: z.ZodType<ProcessLimits | undefined> = fields.optional(
  fields.strictMap('a map, such as { maxConnections: 20000 }', {
    ...common,
    ...access,
    sources: fields.wholeNumberField(FEWEST_SOURCES, MOST_SOURCES).default(USUAL_SOURCES),
    evictIdle: fields.optional(evictIdle),
  }),
)

export const listenerLimitsField: z.ZodType<ListenerLimits | undefined> = fields.optional(
  fields.strictMap('a map, such as { perSource: { maxConnections: 20 } }', { ...common, ...access }),
)

/** Limits of a cluster before the config adds its timeout. */
export type LoneClusterLimits = Omit<ClusterLimits, 'queueMs'> & {
  readonly queueMs: number | undefined
  readonly perBackend: { readonly maxConnections: number } | undefined
}

export const clusterLimitsField: z.ZodType<LoneClusterLimits | undefined> = fields.optional(
  fields.strictMap('a map, such as { maxConnections: 100 }', {
    ...common,
    perBackend: fields.optional(
      fields.strictMap('a map: { maxConnections }', { maxConnections: limitField }),
    ),
    queueMs: fields.optional(fields.durationField),
    queueLength: fields.wholeNumberField(0, MOST_QUEUED).default(0),
  }),
)

/** A client in the queue waits as long as for a connect, unless the cluster says otherwise. */
export function withQueue<Config extends { readonly limits: LoneClusterLimits | undefined }>(
  cluster: Config,
  connectMs: number,
): Omit<Config, 'limits'> & { limits: ClusterLimits | undefined } {
  const { limits, ...rest } = cluster
  if (limits === undefined) return { ...rest, limits }
  const { perBackend, queueMs = connectMs, ...others } = limits
  return { ...rest, limits: { ...others, queueMs } }
}

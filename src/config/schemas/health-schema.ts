/**
 * The health of a cluster's backends, as a config says it: when a backend is ejected because its connections fail, and what
 * happens when backends go down and come back.
 */
import type * as z from 'zod'
import type {
  EjectPolicy,
  Failback,
  FlappingPolicy,
  HealthPolicy,
  OnDown,
  OnRecovered,
  WhenAllDown,
} from '../../cluster/health/policy.js'
import { expected } from '../wording.js'
import {
  type AgentConfig,
  agentField,
  type CheckConfig,
  type CheckFields,
  type ClusterParts,
  checkField,
  completeCheck,
} from './check-schema.js'
import * as fields from './fields.js'

/** Envoy's numbers for outlier detection (outlier_detection.proto), but for the share, which is small in small clusters. */
const USUAL_EJECT: EjectPolicy = { failures: 5, forMs: 30_000, maxForMs: 300_000, maxPercent: undefined }
const USUAL_FLAPPING: FlappingPolicy = { changes: 4, withinMs: 300_000, maxForMs: 300_000 }

export const USUAL_HEALTH: HealthPolicy = {
  answerMs: 0,
  eject: USUAL_EJECT,
  flapping: USUAL_FLAPPING,
  onDown: 'keep',
  onRecovered: 'keep',
  failback: 'auto',
  whenAllDown: undefined,
}

export const ON_DOWN = ['keep', 'end', 'reset'] as const satisfies readonly OnDown[]
export const ON_RECOVERED = ['keep', 'return'] as const satisfies readonly OnRecovered[]
export const FAILBACKS = ['auto', 'manual'] as const satisfies readonly Failback[]
export const WHEN_ALL_DOWN = ['refuse', 'try-all', 'wait'] as const satisfies readonly WhenAllDown[]

const MOST_FAILURES = 1000
const FEWEST_CHANGES = 2
const MOST_CHANGES = 100

/** A time that cannot be 0: `false` turns the whole thing off. */
const spanField = fields.durationField.refine((ms) => ms > 0, {
  error: () => expected('a duration of at least 1ms. To turn it off, write false instead of the map', 0),
})

const eject: z.ZodType<EjectPolicy> = fields
  .strictMap('a map: { failures, forMs, maxForMs, maxPercent }, or false', {
    failures: fields.wholeNumberField(1, MOST_FAILURES).default(USUAL_EJECT.failures),
    forMs: spanField.default(USUAL_EJECT.forMs),
    maxForMs: spanField.default(USUAL_EJECT.maxForMs),
    maxPercent: fields.optional(fields.wholeNumberField(0, 100)),
  })
  .superRefine(({ forMs, maxForMs }, context) => {
    if (maxForMs < forMs)
      context.addIssue({
        code: 'custom',
        path: ['maxForMs'],
        message: expected(`at least forMs, which is ${forMs}ms`, `${maxForMs}ms`),
      })
  })

const flapping: z.ZodType<FlappingPolicy> = fields.strictMap(
  'a map: { changes, withinMs, maxForMs }, or false',
  {
    changes: fields.wholeNumberField(FEWEST_CHANGES, MOST_CHANGES).default(USUAL_FLAPPING.changes),
    withinMs: spanField.default(USUAL_FLAPPING.withinMs),
    maxForMs: spanField.default(USUAL_FLAPPING.maxForMs),
  },
)

/** `check` and `agent` undefined: there are none. */
export interface HealthConfig extends HealthPolicy {
  readonly check: CheckConfig | undefined
  readonly agent: AgentConfig | undefined
}

type HealthFields = Omit<HealthConfig, 'check'> & { readonly check: CheckFields | undefined }

export const healthField: z.ZodType<HealthFields> = fields
  .strictMap('a map, such as { eject: false }', {
    check: checkField,
    agent: agentField,
    answerMs: fields.durationField.default(USUAL_HEALTH.answerMs),
    eject: fields.switchable(eject).prefault(true),
    flapping: fields.switchable(flapping).prefault(true),
    onDown: fields.choiceOf(ON_DOWN).default(USUAL_HEALTH.onDown),
    onRecovered: fields.choiceOf(ON_RECOVERED).default(USUAL_HEALTH.onRecovered),
    failback: fields.choiceOf(FAILBACKS).default(USUAL_HEALTH.failback),
    whenAllDown: fields.optional(fields.choiceOf(WHEN_ALL_DOWN)),
  })
  .prefault({ check: undefined, agent: undefined, whenAllDown: undefined })

/** Fills in what a check takes from its cluster. */
export function withCheck<Config extends ClusterParts & { health: HealthFields }>(
  config: Config,
): Config & { health: HealthConfig } {
  const { check, ...rest } = config.health
  return { ...config, health: { ...rest, check: check && completeCheck(check, config) } }
}

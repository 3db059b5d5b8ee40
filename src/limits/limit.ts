/**
 * The limits that a client needs places in: those of a scope as a whole, and those of each source in it. They follow from a
 * config, and are made once for it. Pure.
 */
import type { PeerAddress } from '../address.js'
import { sourceOf } from '../source.js'
import type { Want } from './counts/counts.js'
import type { Limits, Rate, SourceLimits } from './policy.js'
import type { LimitedScope } from './scope.js'

/** One limit. Each client needs a place in it. */
export interface Limit {
  /** `process`, `listener/NAME` or `cluster/NAME`. */
  readonly scope: string
  /** The limits of each source. Undefined: it is a limit of the scope as a whole. */
  readonly perSource: SourceLimits | undefined
  readonly policy: Pick<Limits, 'whenFull' | 'dryRun'>
  /** What to ask of the table, but for the source. */
  readonly want: Want
  /** Limits with the same key count in the same entries, whatever else their configs say. */
  readonly key: string
}

/** In the order in which they are asked. Those of sources come first: a source that has its share makes nobody wait. */
export interface LimitGroup {
  /** Those of the enforced that limit the bytes of a source in a day. They are asked first. */
  readonly daily: readonly Limit[]
  /** All other limits that turn clients away. No client gets a place in one of them without a place in all. */
  readonly enforced: readonly Limit[]
  /** Limits in a dry run, each in a list of its own. */
  readonly dry: readonly (readonly [Limit])[]
  /** All of these. */
  readonly list: readonly Limit[]
}

/** The limits of some scopes. */
export interface LimitPlan {
  readonly all: LimitGroup
  /** Those of the scopes as a whole, for clients whose address does not count. */
  readonly scopes: LimitGroup
  /** Those of sources, for clients whose address is known later. */
  readonly sources: LimitGroup
}

/** Name the narrower scope first. Undefined: there is no limit in which clients need places. */
export function planOf(...scopes: readonly LimitedScope[]): LimitPlan | undefined {
  const sources = scopes.flatMap(ofSources)
  const whole = scopes.flatMap(ofScope)
  const all = [...sources, ...whole]
  if (all.length === 0) return undefined
  return { all: groupOf(all), scopes: groupOf(whole), sources: groupOf(sources) }
}

const groupOf = (limits: readonly Limit[]): LimitGroup => ({
  daily: limits.filter((limit) => !limit.policy.dryRun && isDaily(limit)),
  enforced: limits.filter((limit) => !limit.policy.dryRun && !isDaily(limit)),
  dry: limits.filter(({ policy }) => policy.dryRun).map((limit) => [limit]),
  list: limits,
})

const isDaily = ({ perSource }: Limit): boolean => perSource !== undefined && perSource.bytesPerDay > 0

/** The place that a client asks for in a limit. */
export function wantFor({ scope, perSource, want }: Limit, client: PeerAddress): Want {
  return perSource === undefined ? want : { ...want, key: { scope, source: sourceOf(client, perSource) } }
}

function ofScope([scope, policy]: LimitedScope): Limit[] {
  if (policy === undefined) return []
  const { maxConnections, newPerSecond, bytesPerSecond } = policy
  if (maxConnections === 0 && newPerSecond === undefined && bytesPerSecond === undefined) return []
  const want = wantOf(scope, maxConnections, newPerSecond)
  return [{ scope, perSource: undefined, policy, want, key: scope }]
}

function ofSources([scope, policy]: LimitedScope): Limit[] {
  if (policy?.perSource === undefined) return []
  const { perSource } = policy
  const { prefix4, prefix6, maxConnections, newPerSecond } = perSource
  const want = wantOf(scope, maxConnections, newPerSecond)
  return [{ scope, perSource, policy, want, key: `${scope} /${prefix4} /${prefix6}` }]
}

const wantOf = (scope: string, most: number, rate: Rate | undefined): Want => ({
  key: { scope },
  most,
  perSecond: rate?.perSecond ?? 0,
  burst: rate?.burst ?? 1,
})

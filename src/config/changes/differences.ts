/**
 * The differences between two configs, by name. An operator sees them after a reload, and they tell whether
 * there is anything to do. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import { USUAL_SOURCES } from '../constants.js'
import type { Config } from '../schema.js'

/** Names of what differs and a reload takes up, such as `listeners.web`, `clusters.db` or `timeouts`. */
export function changesBetween(before: Config, after: Config): string[] {
  const { listeners, clusters, ...rest } = withoutSettled(after)
  const known: Omit<Config, 'listeners' | 'clusters'> = withoutSettled(before)
  const plain = Object.entries(rest).flatMap(([key, value]) =>
    isDeepStrictEqual(value, known[key as keyof typeof rest]) ? [] : [key],
  )
  const byName = (config: Config) =>
    Object.fromEntries(config.listeners.map((listener) => [listener.name, listener]))
  return [
    ...differing('listeners', byName(before), byName(after)),
    ...differing('clusters', before.clusters, clusters),
    ...plain,
  ]
}

/** Whether the configs have the same listeners, as one and the same list, and differ in nothing but clusters. */
export function differOnlyInClusters(before: Config, after: Config): boolean {
  const { listeners, clusters, ...rest } = after
  if (listeners !== before.listeners) return false
  return Object.entries(rest).every(([key, value]) =>
    isDeepStrictEqual(value, before[key as keyof typeof rest]),
  )
}

/** The keys that only a start can change, and that differ now. */
export function needingRestart(startedWith: Config, now: Config): string[] {
  const [was, is] = [settledIn(startedWith), settledIn(now)]
  return Object.keys(is).filter((key) => {
    const name = key as keyof typeof is
    return !isDeepStrictEqual(was[name], is[name])
  })
}

const settledIn = ({ workers, admin, state, limits }: Config) => ({
  workers,
  admin,
  state,
  'limits.sources': limits?.sources ?? USUAL_SOURCES,
})

/** As if these keys said what they said at the start. */
function withoutSettled(config: Config): Config {
  const limits = config.limits && { ...config.limits, sources: USUAL_SOURCES }
  return { ...config, workers: 1, admin: undefined, state: undefined, limits }
}

function differing(
  kind: string,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names
    .filter((name) => !isDeepStrictEqual(before[name], after[name]))
    .map((name) => `${kind}.${name}`)
}

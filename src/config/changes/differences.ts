/**
 * The differences between two configs, by name. An operator sees them after a reload, and they tell whether
 * there is anything to do. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import { USUAL_SOURCES } from '../constants.js'
import type { Config } from '../schema.js'

/** Names of what differs, such as `listeners.web`, `clusters.db` or `timeouts`. */
export function changesBetween(before: Config, after: Config): string[] {
  const { listeners, clusters, ...rest } = after
  const plain = Object.entries(rest).flatMap(([key, value]) =>
    isDeepStrictEqual(value, before[key as keyof typeof rest]) ? [] : [key],
  )
  const byName = (config: Config) =>
    Object.fromEntries(config.listeners.map((listener) => [listener.name, listener]))
  return [
    ...differing('listeners', byName(before), byName(after)),
    ...differing('clusters', before.clusters, clusters),
    ...plain,
  ]
}

/** The keys that only a start can change, and that differ now. */
export function needingRestart(startedWith: Config, now: Config): string[] {
  const settled = ({ workers, admin, limits }: Config) => ({
    workers,
    admin,
    'limits.sources': limits?.sources ?? USUAL_SOURCES,
  })
  const [was, is] = [settled(startedWith), settled(now)]
  return Object.keys(is).filter((key) => {
    const name = key as keyof typeof is
    return !isDeepStrictEqual(was[name], is[name])
  })
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

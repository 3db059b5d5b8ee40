/**
 * What one config has that another has not, by name: for who reloads, and to tell whether anything has to be done.
 * Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/schema.js'

/** Settled when the process starts: a reload cannot change them. */
const SETTLED_AT_START = ['workers', 'admin'] as const

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

/** Of these, what only another start makes true. */
export function needingRestart(changes: readonly string[]): string[] {
  return SETTLED_AT_START.filter((key) => changes.includes(key))
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

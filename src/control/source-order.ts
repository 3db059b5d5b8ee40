/** The order of lists of sources, and one list from those of several workers that do not count together. Pure. */
import type { SourceInfo, SourceList } from './answers.js'
import { DEFAULT_LISTED, type SourceQuery, type SourceSort } from './orders.js'

export const SOURCE_WEIGHTS: Readonly<Record<SourceSort, (source: SourceInfo) => number>> = {
  connections: ({ connections }) => connections,
  rate: ({ newPerSecond }) => newPerSecond,
  bytes: ({ bytesToday }) => bytesToday,
}

/** Workers that count together all give the same list. Else each source has the sum of what workers count. */
export function mergeSources(lists: readonly SourceList[], query: SourceQuery): SourceList {
  const [first] = lists
  if (first === undefined) return { isShared: false, matched: 0, sources: [] }
  const limit = query.limit ?? DEFAULT_LISTED
  if (first.isShared) return { ...first, sources: first.sources.slice(0, limit) }
  const sums = new Map<string, SourceInfo>()
  for (const each of lists.flatMap(({ sources }) => sources)) {
    const key = `${each.scope} ${each.source}`
    const { connections, newPerSecond, bytesToday } = sums.get(key) ?? NOTHING
    sums.set(key, {
      ...each,
      connections: connections + each.connections,
      newPerSecond: newPerSecond + each.newPerSecond,
      bytesToday: bytesToday + each.bytesToday,
    })
  }
  const weigh = SOURCE_WEIGHTS[query.sort ?? 'connections']
  const sources = [...sums.values()].sort((a, b) => weigh(b) - weigh(a))
  return {
    isShared: false,
    matched: Math.max(sources.length, ...lists.map(({ matched }) => matched)),
    sources: sources.slice(0, limit),
  }
}

const NOTHING = { connections: 0, newPerSecond: 0, bytesToday: 0 }

/** The order of lists of connections, and one list from those of several processes. Pure. */
import type { ConnectionInfo, ConnectionList } from './answers.js'
import { type ConnectionQuery, DEFAULT_LISTED } from './orders.js'

type Sort = NonNullable<ConnectionQuery['sort']>

const WEIGHTS: Readonly<Record<Sort, (connection: ConnectionInfo) => number>> = {
  rate: ({ up, down }) => up.bytesPerSecond + down.bytesPerSecond,
  bytes: ({ up, down }) => up.bytes + down.bytes,
  age: ({ ageMs }) => ageMs,
  idle: ({ idleMs }) => idleMs,
}

/** Each process has its own connections. */
export function mergeConnections(lists: readonly ConnectionList[], query: ConnectionQuery): ConnectionList {
  const weigh = WEIGHTS[query.sort ?? 'rate']
  return {
    matched: lists.reduce((sum, { matched }) => sum + matched, 0),
    connections: lists
      .flatMap(({ connections }) => connections)
      .sort((a, b) => weigh(b) - weigh(a))
      .slice(0, query.limit ?? DEFAULT_LISTED),
  }
}

// Every load that is measured, in the order in which the families run.
import { bulkLoads, libraryLoads } from './loads/bulk.mjs'
import { connectionLoads, syscallLoads } from './loads/connections.mjs'
import { neighbourLoads } from './loads/neighbours.mjs'
import { requestLoads, toolLoads, unixLoads } from './loads/requests.mjs'

export const LOADS = [
  ...bulkLoads(),
  ...toolLoads(),
  ...requestLoads(),
  ...connectionLoads(),
  ...neighbourLoads(),
  ...unixLoads(),
  ...libraryLoads(),
  ...syscallLoads(),
]

/**
 * For a smoke test: one load of each family and tool, short, with few connections, with every byte compared,
 * and all in one network.
 */
export function smokeLoads(congestion) {
  const chosen = new Map(LOADS.map((each) => [`${each.family} ${each.tool}`, each]))
  // Other people's programs run for at least a second, and compare nothing.
  const few = ['c-splice', 'haproxy-splice', 'millrace']
  return [...chosen.values()].map((each) => ({
    ...each,
    ...(each.tool !== 'generator' && each.only === undefined && { only: few }),
    congestion,
    groups: each.groups?.map((group) => ({ ...group, connections: Math.min(group.connections, 20) })),
    ms: 100,
    warmMs: 0,
    requests: each.requests && 5000,
  }))
}

/**
 * Checks changes of backends without looking at all other clusters again: a config can have thousands of them. What it cannot decide
 * by itself is decided by the check of the whole config. So both always agree.
 */
import { isMap, itemsOf, valueAt } from '../checks/unchecked.js'
import type { ClusterConfig, Config } from '../schema.js'
import { judge, type Verdict } from '../validate.js'
import type { Change } from './change.js'

/** Each cluster is checked with all listeners. For more clusters than that, a check of the whole config costs less. */
const MOST_APART = 8

/** `before`: the config without the changes. `input`: the input of a config with them. */
export function judgeChanges(before: Config, input: unknown, changes: readonly Change[]): Verdict {
  const names = changes.map((change) =>
    change.do === 'add-backend' || change.do === 'remove-backend' ? change.cluster : undefined,
  )
  const areOfBackends = names.every((name) => name !== undefined)
  return (areOfBackends ? judgeClusters(before, input, new Set(names)) : undefined) ?? judge(input)
}

/** Undefined: it cannot decide. */
function judgeClusters(before: Config, input: unknown, names: ReadonlySet<string>): Verdict | undefined {
  if (names.size > MOST_APART) return undefined
  const changed: [string, ClusterConfig][] = []
  for (const name of names) {
    const cluster = judgeCluster(input, name)
    if (cluster === undefined) return undefined
    changed.push([name, cluster])
  }
  const after = Object.freeze({ ...before.clusters, ...Object.fromEntries(changed) })
  return { config: Object.freeze({ ...before, clusters: after }) }
}

/** The cluster as if there were no other one. Undefined: it cannot decide. */
function judgeCluster(input: unknown, name: string): ClusterConfig | undefined {
  // Without its tests, which name other clusters.
  const { tests: _, ...rest } = isMap(input) ? input : {}
  const spec = valueAt(valueAt(input, 'clusters'), name)
  const verdict = judge({ ...rest, listeners: listenersFor(input, name), clusters: { [name]: spec } })
  return 'config' in verdict ? verdict.config.clusters[name] : undefined
}

/** Where the listeners are, as if each sent its clients to this cluster. So a backend that is one of them is a loop. */
function listenersFor(input: unknown, cluster: string): object[] {
  return itemsOf(valueAt(input, 'listeners')).map((listener) => {
    const { name, address, addresses } = isMap(listener) ? listener : {}
    return {
      ...(name !== undefined && { name }),
      ...(address !== undefined && { address }),
      ...(addresses !== undefined && { addresses }),
      cluster,
    }
  })
}

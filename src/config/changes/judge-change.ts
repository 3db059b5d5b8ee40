/**
 * Checks changes of backends without looking at all other clusters again: a config can have thousands of them. What it cannot decide
 * by itself is decided by the check of the whole config. So both always agree.
 */
import { isMap, itemsOf, valueAt } from '../checks/unchecked.js'
import type { ClusterConfig, Config } from '../schema.js'
import { judge, type Verdict } from '../validate.js'
import type { Change } from './change.js'

/** `before`: the config without the changes. `input`: the input of a config with them. */
export function judgeChanges(before: Config, input: unknown, changes: readonly Change[]): Verdict {
  const names = changes.map((change) =>
    change.do === 'add-backend' || change.do === 'remove-backend' ? change.cluster : undefined,
  )
  const areOfBackends = names.every((name) => name !== undefined)
  return (areOfBackends ? judgeClusters(before, input, [...new Set(names)]) : undefined) ?? judge(input)
}

/** Undefined: it cannot decide. */
function judgeClusters(before: Config, input: unknown, names: readonly string[]): Verdict | undefined {
  const clusters = valueAt(input, 'clusters')
  const specs = names.map((name) => [name, valueAt(clusters, name)] as const)
  // Without its tests, which name other clusters.
  const { tests: _, ...rest } = isMap(input) ? input : {}
  const verdict = judge({
    ...rest,
    listeners: listenersFor(input, names),
    clusters: Object.fromEntries(specs),
  })
  if (!('config' in verdict)) return undefined
  const changed: readonly (readonly [string, ClusterConfig])[] = names.map((name) => [
    name,
    verdict.config.clusters[name]!,
  ])
  const after = Object.freeze({ ...before.clusters, ...Object.fromEntries(changed) })
  return { config: Object.freeze({ ...before, clusters: after }) }
}

/** Where the listeners are, as if they sent their clients to these clusters. A cluster of a listener of its own is a loop. */
function listenersFor(input: unknown, names: readonly string[]): object[] {
  return itemsOf(valueAt(input, 'listeners')).map((listener, index) => {
    const { name, address, addresses } = isMap(listener) ? listener : {}
    return {
      ...(name !== undefined && { name }),
      ...(address !== undefined && { address }),
      ...(addresses !== undefined && { addresses }),
      cluster: names[index % names.length],
    }
  })
}

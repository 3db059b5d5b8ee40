/**
 * Checks changes of backends without looking at all other clusters again, and of one listener without looking at all others: a config
 * can have thousands of them. What it cannot decide by itself is decided by the check of the whole config. So both always agree.
 */
import { isDeepStrictEqual } from 'node:util'
import { isMap, itemsOf, valueAt } from '../checks/unchecked.js'
import type { ClusterConfig, Config } from '../schema.js'
import type { ListenerConfig } from '../schemas/listener-schema.js'
import { judge, type Verdict } from '../validate.js'
import { type Change, listenerName } from './change.js'

/** Each cluster is checked with all listeners. For more clusters than that, a check of the whole config costs less. */
const MOST_APART = 8

/** `before`: the config without the changes. `input`: the input of a config with them. */
export function judgeChanges(before: Config, input: unknown, changes: readonly Change[]): Verdict {
  const alone = changes.length === 1 ? judgeListener(before, input, changes[0]!) : undefined
  if (alone !== undefined) return alone
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

/** Undefined: it cannot decide. */
function judgeListener(before: Config, input: unknown, change: Change): Verdict | undefined {
  if (before.tests.length > 0) return undefined
  if (change.do === 'remove-listener') return withoutListener(before, change.listener)
  return change.do === 'add-listener' ? withListener(before, input, change.spec) : undefined
}

/** A config without one of its listeners is as good as before, if nothing in it follows from the listener. */
function withoutListener(before: Config, name: string): Verdict | undefined {
  const listeners = before.listeners.filter((each) => each.name !== name)
  const gone = before.listeners.filter((each) => each.name === name)
  if (gone.length !== 1 || listeners.length === 0 || !isByItself(gone[0]!, { ...before, listeners }))
    return undefined
  return { config: Object.freeze({ ...before, listeners: Object.freeze(listeners) }) }
}

/** The listener as if there were no other one, if its port is its own. */
function withListener(before: Config, input: unknown, spec: unknown): Verdict | undefined {
  if (Object.keys(before.clusters).length > MOST_APART) return undefined
  if (before.listeners.some(({ name }) => name === listenerName(spec))) return undefined
  const verdict = judge({ ...(isMap(input) ? input : {}), listeners: [spec] })
  if (!('config' in verdict) || verdict.config.listeners.length !== 1) return undefined
  const { listeners, clusters } = verdict.config
  if (!isByItself(listeners[0]!, before) || !isDeepStrictEqual(clusters, before.clusters)) return undefined
  const after = Object.freeze([...before.listeners, ...listeners])
  return { config: Object.freeze({ ...before, listeners: after }) }
}

/** No other address has its port, and no cluster has to know it. */
function isByItself({ address }: ListenerConfig, { listeners, clusters, admin = [] }: Config): boolean {
  if (address.kind !== 'tcp') return false
  const { port } = address
  if (port === 0) return true
  if (Object.values(clusters).some(({ dial }) => dial !== undefined)) return false
  return ![...listeners, ...admin].some(({ address: other }) => other.kind === 'tcp' && other.port === port)
}

/** Which listeners send clients to a cluster. Works on unchecked input, as `references.ts` does. */
import type { Path } from './path.js'
import { isMap, itemsOf, valueAt, valueWithin } from './unchecked.js'

export interface Reaching {
  readonly listener: Readonly<Record<string, unknown>>
  readonly index: number
  /** Where the listener names the cluster. At least one place. */
  readonly keys: readonly Path[]
}

/**
 * Listeners that name the cluster. Nobody can know where a route function sends clients. Where a map sends them is known when its
 * file is read (src/limits/lists/needs.ts).
 */
export function listenersOf(input: unknown, cluster: string): readonly Reaching[] {
  if (!isMap(input)) return []
  const known = KNOWN.get(input) ?? readReaching(input)
  KNOWN.set(input, known)
  return known.get(cluster) ?? []
}

/** The input may have changed since it was checked last. */
export function forgetListenersOf(input: unknown): void {
  if (isMap(input)) KNOWN.delete(input)
}

/** By input and cluster. Each check asks for each cluster, and there can be thousands of both clusters and routes. */
const KNOWN = new WeakMap<object, ReadonlyMap<unknown, readonly Reaching[]>>()

function readReaching(input: unknown): ReadonlyMap<unknown, readonly Reaching[]> {
  const byCluster = new Map<unknown, Reaching[]>()
  for (const [index, listener] of itemsOf(valueAt(input, 'listeners')).entries()) {
    if (!isMap(listener)) continue
    const found = new Map<unknown, Path[]>()
    for (const key of keysIn(listener)) {
      const named = valueWithin(listener, key)
      found.set(named, [...(found.get(named) ?? []), key])
    }
    for (const [named, keys] of found)
      byCluster.set(named, [...(byCluster.get(named) ?? []), { listener, index, keys }])
  }
  return byCluster
}

/** Where a listener may name a cluster. */
const keysIn = (listener: Readonly<Record<string, unknown>>): readonly Path[] => [
  ['cluster'],
  ['onNoSni'],
  ['onBadHello'],
  ['onSilent', 'cluster'],
  ...itemsOf(listener.routes).map((_, route): Path => ['routes', route, 'cluster']),
]

/** Clusters that no listener names. A map in a file may name any cluster. */
import type { Finding } from '../checks/path.js'
import { isMap, itemsOf, valueAt } from '../checks/unchecked.js'

export function unusedClusters(input: unknown): Finding[] {
  const listeners = itemsOf(valueAt(input, 'listeners'))
  const clusters = valueAt(input, 'clusters')
  const hasMap = listeners.some((listener) =>
    itemsOf(valueAt(listener, 'routes')).some((route) => valueAt(route, 'map') !== undefined),
  )
  if (hasMap || !isMap(clusters)) return []
  const named = new Set(textsIn(listeners))
  return Object.keys(clusters)
    .filter((name) => !named.has(name))
    .map((name) => ({
      path: ['clusters', name],
      message: 'no listener sends clients here: name it in a listener, or remove it',
      about: 'key',
    }))
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return isMap(value) ? Object.values(value).flatMap(textsIn) : []
}

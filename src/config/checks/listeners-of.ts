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
export function listenersOf(input: unknown, cluster: string): Reaching[] {
  return itemsOf(valueAt(input, 'listeners')).flatMap((listener, index) => {
    if (!isMap(listener)) return []
    const keys: readonly Path[] = [
      ['cluster'],
      ['onNoSni'],
      ['onBadHello'],
      ['onSilent', 'cluster'],
      ...itemsOf(listener.routes).map((_, route): Path => ['routes', route, 'cluster']),
    ]
    const naming = keys.filter((key) => valueWithin(listener, key) === cluster)
    return naming.length > 0 ? [{ listener, index, keys: naming }] : []
  })
}

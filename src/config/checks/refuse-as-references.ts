/**
 * Answers to refused clients that no client could read: an answer of MySQL or SMTP where clients speak HTTP or Postgres
 * first. Where millrace ends TLS, the answer goes inside it. A listener that reaches a cluster by a map is checked when the file of
 * the map is read (src/limits/lists/needs.ts). Works on unchecked input, as `references.ts` does.
 */
import { isServerFirst, spokenFirst } from '../../limits/refuse-as.js'
import { listenersOf } from './listeners-of.js'
import type { Finding, Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'

interface Reached {
  readonly listener: unknown
  readonly index: number
}

export function checkRefuseAs(input: unknown): Finding[] {
  const clusters = valueAt(input, 'clusters')
  const listeners = itemsOf(valueAt(input, 'listeners')).map((listener, index) => ({ listener, index }))
  const taking = listeners.filter(({ listener }) => refuseAsOf(listener) === undefined)
  return [
    ...unreadable(refuseAsOf(input), ['limits'], taking),
    ...listeners.flatMap((each) =>
      unreadable(refuseAsOf(each.listener), ['listeners', each.index, 'limits'], [each]),
    ),
    ...Object.entries(isMap(clusters) ? clusters : {}).flatMap(([name, cluster]) =>
      unreadable(refuseAsOf(cluster), ['clusters', name, 'limits'], listenersOf(input, name)),
    ),
  ]
}

const refuseAsOf = (owner: unknown): unknown => valueAt(valueAt(owner, 'limits'), 'refuseAs')

function unreadable(refuseAs: unknown, path: Path, listeners: readonly Reached[]): Finding[] {
  if (!isServerFirst(refuseAs)) return []
  const first = listeners.flatMap(({ listener, index }) => {
    const spoken = isMap(listener) ? spokenFirst(listener) : undefined
    return spoken === undefined ? [] : [{ index, spoken }]
  })[0]
  if (first === undefined) return []
  const message = `"${refuseAs}" is an answer to clients that wait for the server to speak, and clients of listeners[${first.index}] speak ${first.spoken} first: write "auto", "reset" or "close"`
  return [{ path: [...path, 'refuseAs'], message, about: 'value' }]
}

/**
 * What `routes[].map` needs and forbids elsewhere in a config. Nobody reads the file here. Works on unchecked input, as
 * `references.ts` does.
 */
import type { MapKey } from '../../route/table.js'
import type { Finding, Path } from './path.js'
import { isOn, itemsOf, valueAt } from './unchecked.js'

type Values = Readonly<Record<string, unknown>>

/** What a listener needs so that it learns the names. */
interface Need {
  readonly remedy: string
  isMet(listener: Values, route: unknown): boolean
}

const POSTGRES: Need = {
  remedy: 'works only with "startTls: postgres": add that to the listener, or write "sni"',
  isMet: ({ startTls }) => startTls !== undefined,
}

const NEEDS: Readonly<Record<MapKey, Need>> = {
  user: POSTGRES,
  database: POSTGRES,
  host: {
    remedy: 'works only with "protocol: http": add that to the listener, or write "sni"',
    isMet: ({ protocol }) => protocol === 'http',
  },
  sni: {
    remedy:
      'works only with "tls", because plain HTTP has no ClientHello: add "tls" to the listener, or write "host"',
    isMet: ({ protocol, tls }) => protocol !== 'http' || tls !== undefined,
  },
}
const ONLY_TLS: Need = {
  remedy: 'only TLS has "sni": write "speaks: tls", or remove "speaks"',
  isMet: (_, route) => {
    const speaks = valueAt(route, 'speaks')
    const names = typeof speaks === 'string' ? [speaks] : itemsOf(speaks)
    return names.length === 0 || names.some((name) => /^(tls$|hex:)/i.test(String(name)))
  },
}

export function checkMaps(listener: Values, path: Path): Finding[] {
  return itemsOf(listener.routes).flatMap((route, index): Finding[] => {
    const map = valueAt(route, 'map')
    if (map === undefined) return []
    const at = [...path, 'routes', index]
    if (valueAt(route, 'cluster') !== undefined)
      return [
        finding(
          [...at, 'cluster'],
          'cannot stand beside "map", which names the clusters: remove one of the two',
        ),
      ]
    if (isOn(valueAt(route, 'reject')))
      return [
        finding(
          [...at, 'reject'],
          'cannot stand beside "map": write "reject" after the names in its file, or remove one of the two',
        ),
      ]
    return needsOf(valueAt(map, 'by'))
      .filter((need) => !need.isMet(listener, route))
      .map(({ remedy }) => finding([...at, 'map', 'by'], remedy))
  })
}

const needsOf = (by: unknown): Need[] =>
  by === 'sni'
    ? [NEEDS.sni, ONLY_TLS]
    : typeof by === 'string' && Object.hasOwn(NEEDS, by)
      ? [NEEDS[by as MapKey]]
      : []

/** Whether the map of this route looks for server names. */
export const isBySni = (route: unknown): boolean => valueAt(valueAt(route, 'map'), 'by') === 'sni'

const finding = (path: Path, message: string): Finding => ({ path, message, about: 'key' })

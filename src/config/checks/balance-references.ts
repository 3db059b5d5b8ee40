/**
 * What takes several values to judge of how a cluster chooses: a hash that no rule uses, and keys of the connection that a
 * listener of the cluster never learns. Works on unchecked input, as `references.ts` does.
 */
import type { Finding, Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'

/** Keys that only an HTTP request has. */
const OF_REQUESTS = /^(?:host|path|cookie:.*|header:.*|query:.*)$/

/** A key, and what a listener needs so that its connections can have it. */
const NEEDS: readonly {
  readonly key: RegExp
  readonly remedy: string
  isMet(listener: Readonly<Record<string, unknown>>): boolean
}[] = [
  {
    key: OF_REQUESTS,
    remedy: '"protocol: http"',
    isMet: ({ protocol }) => protocol === 'http',
  },
  {
    key: /^tlv:/,
    remedy: '"acceptProxy"',
    isMet: ({ acceptProxy }) => acceptProxy !== undefined,
  },
  {
    key: /^sni$/,
    remedy: '"tls", because plain HTTP has no ClientHello',
    isMet: ({ protocol, tls }) => protocol !== 'http' || tls !== undefined,
  },
  {
    key: /^route$/,
    remedy: 'a "route" function, which only the library can be given',
    isMet: ({ route }) => route !== undefined,
  },
]

export function checkBalance(input: unknown, name: string): Finding[] {
  const cluster = valueAt(valueAt(input, 'clusters'), name)
  const path = ['clusters', name, 'hash']
  const hash = valueAt(cluster, 'hash')
  if (hash === undefined) return []
  if (valueAt(cluster, 'balance') !== 'hash') {
    return [{ path, message: 'works only with "balance: hash": add that, or remove this key', about: 'key' }]
  }
  const key = valueAt(hash, 'key')
  const need = typeof key === 'string' ? NEEDS.find((each) => each.key.test(key)) : undefined
  if (need === undefined) return []
  return listenersOf(input, name)
    .filter(({ listener }) => !need.isMet(listener))
    .map(({ index }) => ({
      path: [...path, 'key'],
      message: `"${key}" is never known at listeners[${index}]: add ${need.remedy} there, or write "source"`,
      about: 'value',
    }))
}

/** `backup` is a tier of its own. */
export function checkTiers(input: unknown, name: string): Finding[] {
  const backends = itemsOf(valueAt(valueAt(valueAt(input, 'clusters'), name), 'backends'))
  return backends.flatMap((backend, index): Finding[] => {
    const isBackup = valueAt(backend, 'backup') !== undefined && valueAt(backend, 'backup') !== false
    if (!isBackup || valueAt(backend, 'tier') === undefined) return []
    const path: Path = ['clusters', name, 'backends', index, 'tier']
    return [{ path, message: 'a backend cannot have both "tier" and "backup": remove one', about: 'key' }]
  })
}

/** Listeners that name the cluster. Nobody can know where a route function sends clients. */
function listenersOf(input: unknown, cluster: string) {
  return itemsOf(valueAt(input, 'listeners')).flatMap((listener, index) => {
    if (!isMap(listener)) return []
    const { cluster: own, onNoSni, onBadHello, routes } = listener
    const named = [own, onNoSni, onBadHello, ...itemsOf(routes).map((route) => valueAt(route, 'cluster'))]
    return named.includes(cluster) ? [{ listener, index }] : []
  })
}

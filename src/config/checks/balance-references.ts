/**
 * What takes several values to judge of how a cluster chooses: a hash that no rule uses, and keys of the connection that a
 * listener of the cluster never learns. Works on unchecked input, as `references.ts` does.
 */
import type { HashKey } from '../../cluster/balance/hash/key.js'
import { readHashKey } from '../schemas/balance-schema.js'
import { listenersOf } from './listeners-of.js'
import type { Finding, Path } from './path.js'
import { isOn, itemsOf, valueAt } from './unchecked.js'

type Listener = Readonly<Record<string, unknown>>

/** What a listener needs so that its connections can have a key. */
interface Need {
  readonly remedy: string
  isMet(listener: Listener): boolean
}

const REQUEST: Need = { remedy: '"protocol: http"', isMet: ({ protocol }) => protocol === 'http' }

const NEEDS: Readonly<Record<HashKey['from'], Need | undefined>> = {
  source: undefined,
  host: REQUEST,
  path: REQUEST,
  cookie: REQUEST,
  header: REQUEST,
  query: REQUEST,
  tlv: { remedy: '"acceptProxy"', isMet: ({ acceptProxy }) => acceptProxy !== undefined },
  sni: {
    remedy: '"tls", because plain HTTP has no ClientHello',
    isMet: ({ protocol, tls }) => protocol !== 'http' || tls !== undefined,
  },
  route: {
    remedy: 'a "route" function, which only the library can be given',
    isMet: ({ route }) => route !== undefined,
  },
}

export function checkBalance(input: unknown, name: string): Finding[] {
  const cluster = valueAt(valueAt(input, 'clusters'), name)
  const path = ['clusters', name, 'hash']
  const hash = valueAt(cluster, 'hash')
  if (hash === undefined) return []
  if (valueAt(cluster, 'balance') !== 'hash') {
    return [{ path, message: 'works only with "balance: hash": add that, or remove this key', about: 'key' }]
  }
  const key = valueAt(hash, 'key')
  const read = typeof key === 'string' ? readHashKey(key) : undefined
  const need = typeof read === 'object' ? NEEDS[read.from] : undefined
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
    if (!isOn(valueAt(backend, 'backup')) || valueAt(backend, 'tier') === undefined) return []
    const path: Path = ['clusters', name, 'backends', index, 'tier']
    return [{ path, message: 'a backend cannot have both "tier" and "backup": remove one', about: 'key' }]
  })
}

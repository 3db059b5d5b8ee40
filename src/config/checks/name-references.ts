/**
 * What takes several keys of a backend to judge: whether it has an address or the name of a service, and whether its address
 * can be expanded. Works on unchecked input, as `references.ts` does.
 */
import { isIP } from 'node:net'
import { parseBackendAddress } from '../values/addresses.js'
import { expected, quote } from '../wording.js'
import type { Finding, Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'

/** What the SRV records say, and the config cannot. */
const OF_AN_ADDRESS = ['expand', 'weight', 'tier', 'backup'] as const

export function checkNames(input: unknown, name: string): Finding[] {
  const cluster = valueAt(valueAt(input, 'clusters'), name)
  const hasVia = valueAt(cluster, 'via') !== undefined
  return itemsOf(valueAt(cluster, 'backends')).flatMap((backend, index): Finding[] => {
    if (!isMap(backend)) return []
    const path: Path = ['clusters', name, 'backends', index]
    const expanded = EXPANDS.filter((key) => hasVia && isExpanded(key, valueAt(backend, key)))
    if (expanded.length > 0) return expanded.map((key) => besideVia([...path, key]))
    return valueAt(backend, 'srv') === undefined ? checkAddress(backend, path) : checkService(backend, path)
  })
}

const EXPANDS = ['srv', 'expand'] as const

const isExpanded = (key: (typeof EXPANDS)[number], value: unknown): boolean =>
  key === 'srv' ? value !== undefined : value === 'all'

function besideVia(path: Path): Finding {
  const message = 'cannot stand beside "via", because the forward proxy resolves the names: remove this key'
  return { path, message, about: 'key' }
}

function checkAddress(backend: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  const text = valueAt(backend, 'address')
  if (text === undefined) {
    const message = expected('an address, such as 127.0.0.1:7000, or "srv" with the name of a service', text)
    return [{ path: [...path, 'address'], message, about: 'value' }]
  }
  if (valueAt(backend, 'expand') !== 'all' || typeof text !== 'string') return []
  const address = parseBackendAddress(text)
  if (typeof address === 'string' || (address.kind === 'tcp' && isIP(address.host) === 0)) return []
  const message = `${quote(text)} has no host name that could mean several addresses: remove "expand"`
  return [{ path: [...path, 'expand'], message, about: 'value' }]
}

function checkService(backend: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  const both: Finding[] =
    valueAt(backend, 'address') === undefined
      ? []
      : [
          {
            path: [...path, 'address'],
            message: 'a backend cannot have both "address" and "srv": remove one',
            about: 'key',
          },
        ]
  const settled = OF_AN_ADDRESS.filter((key) => valueAt(backend, key) !== undefined)
  return [
    ...both,
    ...settled.map((key): Finding => {
      const message = `the SRV records decide about this: remove "${key}", or write "address" instead of "srv"`
      return { path: [...path, key], message, about: 'key' }
    }),
  ]
}

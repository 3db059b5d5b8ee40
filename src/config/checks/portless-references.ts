/**
 * Backends without a port of their own. Their clients decide the port, so such a backend on this machine can be millrace itself. Works on
 * unchecked input, as `references.ts` does.
 */
import type { Address } from '../../address.js'
import { LOOPBACK } from '../../address-set.js'
import { parseBackendAddress } from '../values/addresses.js'
import { addressKey } from './listener-addresses.js'
import { listenPlaces } from './listener-places.js'
import { listenersOf } from './listeners-of.js'
import { type Finding, formatPath, type Path } from './path.js'
import { itemsOf, valueAt } from './unchecked.js'

const ANY = ['0.0.0.0', '::']

export function checkPortless(input: unknown, cluster: string): Finding[] {
  const backends = itemsOf(valueAt(valueAt(valueAt(input, 'clusters'), cluster), 'backends'))
  return backends.flatMap((backend, index): Finding[] => {
    const host = portlessHost(backend)
    const itself = host === undefined ? undefined : listensAt(input, cluster, host)
    if (itself === undefined) return []
    const message = `without a port, this is the address of ${formatPath(itself)}, so millrace would connect to itself: write a port`
    return [{ path: ['clusters', cluster, 'backends', index], message, about: 'value', first: itself }]
  })
}

function portlessHost(backend: unknown): string | undefined {
  const text = typeof backend === 'string' ? backend : valueAt(backend, 'address')
  const address = typeof text === 'string' ? parseBackendAddress(text) : undefined
  if (typeof address !== 'object' || address.kind === 'unix' || address.port !== 0) return undefined
  return address.host.toLowerCase() === 'localhost' ? '127.0.0.1' : address.host
}

/** Where clients of this cluster reach this host. Undefined: nowhere, or nobody can tell. */
function listensAt(input: unknown, cluster: string, host: string): Path | undefined {
  for (const { listener, index } of listenersOf(input, cluster))
    for (const { address, path } of listenPlaces(listener, ['listeners', index])) {
      if (address.kind === 'unix') continue
      const there = { ...address, host }
      const isAny = ANY.some((each) => isSame(address, { ...address, host: each }))
      if (isSame(address, there) || (isAny && LOOPBACK.has(there))) return path
    }
  return undefined
}

/** However both are written. */
const isSame = (one: Address, other: Address): boolean => addressKey(one) === addressKey(other)

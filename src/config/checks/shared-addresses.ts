/**
 * Addresses that two of the listeners and admin addresses want: the same one, or one that includes the other, such as 0.0.0.0:80
 * and 127.0.0.1:80. Works on unchecked input, as `references.ts` does.
 */
import { parseListenerAddress } from '../values/addresses.js'
import {
  addressKey,
  formatPlace,
  isAnyPort,
  type ListenPlace,
  overlap,
  portOf,
  withIpv6Only,
} from './listener-addresses.js'
import { listenPlaces, type Place } from './listener-places.js'
import { type Finding, formatPath, type Path } from './path.js'
import { itemsOf, valueAt } from './unchecked.js'

interface Claim extends ListenPlace {
  readonly path: Path
}

/** Port 0 may repeat, because each time it is another free port. */
export function sharedAddresses(input: unknown): Finding[] {
  const listeners = itemsOf(valueAt(input, 'listeners')).flatMap((each, index) =>
    listenPlaces(each, ['listeners', index]),
  )
  const places = [...listeners, ...adminPlaces(valueAt(input, 'admin'), ['admin'])]
  const claims = withIpv6Only(places.filter(({ address }) => !isAnyPort(address)))
  const byPort = new Map<string | number, Claim[]>()
  return claims.flatMap((claim): Finding[] => {
    const port = portOf(claim.address)
    const others = byPort.get(port) ?? []
    byPort.set(port, [...others, claim])
    const first = others.find((other) => overlap(other, claim))
    if (first === undefined) return []
    return [{ path: claim.path, message: explain(claim, first), about: 'value', first: first.path }]
  })
}

function explain(claim: Claim, first: Claim): string {
  const key = addressKey(claim.address)
  const where = formatPath(first.path)
  if (key === addressKey(first.address)) return `${key} is already used at ${where}: write another address`
  return `${formatPlace(claim)} and ${formatPlace(first)} at ${where} include each other: write another address or port`
}

/** The admin addresses of a config. */
export function adminPlaces(value: unknown, path: Path): Place[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => adminPlaces(item, [...path, index]))
  const isText = typeof value === 'string'
  const text = isText ? value : valueAt(value, 'address')
  const address = typeof text === 'string' ? parseListenerAddress(text) : undefined
  return typeof address === 'object' ? [{ address, path: isText ? path : [...path, 'address'] }] : []
}

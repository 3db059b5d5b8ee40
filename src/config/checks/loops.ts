/**
 * A proxy that is its own backend: its first client makes it connect to itself without end. Works on unchecked input, as
 * `references.ts` does.
 */
import { networkInterfaces } from 'node:os'
import { type Address, parseAddress } from '../../address.js'
import { AddressSet, LOOPBACK } from '../../address-set.js'
import { type ListenPlace, overlap, portOf, withIpv6Only } from './listener-addresses.js'
import { listenPlaces } from './listener-places.js'
import { listenersOf } from './listeners-of.js'
import { type Finding, formatPath, type Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'

export interface Loop extends Finding {
  /** Every client goes round. False: routes or other backends may lead out, or the address may be that of another machine one day. */
  readonly isCertain: boolean
}

/** A way from a listener to another listener of the same config. */
interface Way {
  readonly from: number
  readonly to: number
  readonly path: Path
  readonly isCertain: boolean
}

interface Place extends ListenPlace {
  readonly index: number
}

/** `own`: the addresses of this machine. */
export function findLoops(input: unknown, own: readonly string[] = ownAddresses()): Loop[] {
  const places = placesOf(input)
  const ways = waysBetween(input, places, new AddressSet(own))
  return ways.flatMap((way): Loop[] => {
    const round = wayBack(way, ways)
    if (round === undefined) return []
    const start = formatPath(['listeners', way.from])
    const message = `leads back to ${start}, so millrace would be its own client without end: write another address`
    return [{ path: way.path, message, about: 'value', isCertain: round.every(({ isCertain }) => isCertain) }]
  })
}

function placesOf(input: unknown): ReadonlyMap<number | string, readonly Place[]> {
  const places = itemsOf(valueAt(input, 'listeners')).flatMap((listener, index) =>
    listenPlaces(listener, ['listeners', index]).map(({ address }) => ({ address, index })),
  )
  const byPort = new Map<number | string, Place[]>()
  for (const place of withIpv6Only(places)) {
    const port = portOf(place.address)
    byPort.set(port, [...(byPort.get(port) ?? []), place])
  }
  return byPort
}

function waysBetween(input: unknown, places: ReturnType<typeof placesOf>, own: AddressSet): Way[] {
  const clusters = valueAt(input, 'clusters')
  return Object.keys(isMap(clusters) ? clusters : {}).flatMap((name) => {
    const cluster = valueAt(clusters, name)
    // The forward proxy connects to its backends, from where it is.
    if (valueAt(cluster, 'via') !== undefined) return []
    const backends = itemsOf(valueAt(cluster, 'backends'))
    return backends.flatMap((backend, index) => {
      const text = typeof backend === 'string' ? backend : valueAt(backend, 'address')
      const address = typeof text === 'string' ? here(text, own) : undefined
      const to =
        address && places.get(portOf(address))?.find((place) => overlap(place, { address, ipv6Only: false }))
      if (to === undefined) return []
      const isOnly = backends.length === 1 && isAlwaysHere(address!)
      const path: Path = ['clusters', name, 'backends', index]
      return listenersOf(input, name).map((each) => wayFrom(each, to, path, isOnly))
    })
  })
}

function wayFrom(
  { listener, index, keys }: ReturnType<typeof listenersOf>[number],
  to: Place,
  path: Path,
  isOnly: boolean,
): Way {
  const isCertain = isOnly && keys.some(([key]) => key === 'cluster') && listener.routes === undefined
  return { from: index, to: to.index, path, isCertain }
}

/** The ways of the shortest round that begins with this one. Undefined: it does not lead back. */
function wayBack(first: Way, ways: readonly Way[]): readonly Way[] | undefined {
  const seen = new Set<number>()
  const rounds: (readonly Way[])[] = [[first]]
  for (const round of rounds) {
    const { to } = round.at(-1)!
    if (to === first.from) return round
    if (seen.has(to)) continue
    seen.add(to)
    for (const next of ways) if (next.from === to) rounds.push([...round, next])
  }
  return undefined
}

/** An address of this machine. Undefined: it is that of another one, or a name. */
function here(text: string, own: AddressSet): Address | undefined {
  const address = parseAddress(text)
  if (typeof address === 'string') return undefined
  if (address.kind === 'unix') return address
  const host = address.host.toLowerCase() === 'localhost' ? '127.0.0.1' : address.host
  const place = { ...address, host }
  return isAlwaysHere(place) || own.has(place) ? place : undefined
}

/** Other addresses may move to another machine, as those that keepalived manages. */
const isAlwaysHere = (address: Address): boolean => address.kind === 'unix' || LOOPBACK.has(address)

/** The question needs a file descriptor (netlink(7)). Without one, only loopback addresses are known to be here. */
function ownAddresses(): string[] {
  try {
    return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address))
  } catch {
    return []
  }
}

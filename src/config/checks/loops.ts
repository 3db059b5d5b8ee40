/**
 * A proxy that is its own backend: its first client makes it connect to itself without end. Works on unchecked input, as
 * `references.ts` does.
 */
import { networkInterfaces } from 'node:os'
import { type Address, parseAddress } from '../../address.js'
import { AddressSet } from '../../address-set.js'
import { parseListenerAddress } from '../schemas/addresses.js'
import { type ListenPlace, overlap, withIpv6Only } from './listener-addresses.js'
import { listenersOf } from './listeners-of.js'
import { type Finding, formatPath, type Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'

export interface Loop extends Finding {
  /** Every client goes round. False: routes may lead out. */
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

const LOOPBACK = new AddressSet(['127.0.0.0/8', '::1'])

export function findLoops(input: unknown): Loop[] {
  const places = placesOf(input)
  const ways = waysBetween(input, places)
  return ways.flatMap((way): Loop[] => {
    const round = wayBack(way, ways)
    if (round === undefined) return []
    const start = formatPath(['listeners', way.from])
    const message = `leads back to ${start}, so millrace would be its own client without end: write another address`
    return [{ path: way.path, message, about: 'value', isCertain: round.every(({ isCertain }) => isCertain) }]
  })
}

function placesOf(input: unknown): Place[] {
  const listening = itemsOf(valueAt(input, 'listeners')).flatMap((listener, index) => {
    const text = valueAt(listener, 'address')
    const address = typeof text === 'string' ? parseListenerAddress(text) : ''
    return typeof address === 'string' ? [] : [{ address, index }]
  })
  return withIpv6Only(listening)
}

function waysBetween(input: unknown, places: readonly Place[]): Way[] {
  const clusters = valueAt(input, 'clusters')
  const ports = new Set(places.map(({ address }) => (address.kind === 'tcp' ? address.port : address.path)))
  const own = new AddressSet(ownAddresses())
  return Object.keys(isMap(clusters) ? clusters : {}).flatMap((name) =>
    itemsOf(valueAt(valueAt(clusters, name), 'backends')).flatMap((backend, index) => {
      const text = typeof backend === 'string' ? backend : valueAt(backend, 'address')
      const address = typeof text === 'string' ? here(text, own) : undefined
      if (address === undefined || !ports.has(address.kind === 'tcp' ? address.port : address.path)) return []
      const path: Path = ['clusters', name, 'backends', index]
      const to = places.find((place) => overlap(place, { address, ipv6Only: false }))
      return to === undefined ? [] : listenersOf(input, name).map((each) => wayFrom(each, to, path))
    }),
  )
}

function wayFrom(
  { listener, index, keys }: ReturnType<typeof listenersOf>[number],
  to: Place,
  path: Path,
): Way {
  const isCertain = keys.some(([key]) => key === 'cluster') && listener.routes === undefined
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
  return LOOPBACK.has({ ...address, host }) || own.has({ ...address, host })
    ? { ...address, host }
    : undefined
}

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address))

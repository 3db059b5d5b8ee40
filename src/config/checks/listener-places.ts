/** Where a listener listens, as its config says it. Works on unchecked input, as `references.ts` does. */
import type { Address } from '../../address.js'
import { parseListenerAddresses } from '../values/addresses.js'
import type { Finding, Path } from './path.js'
import { itemsOf, valueAt } from './unchecked.js'

export interface Place {
  readonly address: Address
  /** Of the text that says it. A range of ports is one text. */
  readonly path: Path
}

/** Texts that are no addresses are passed over. */
export function listenPlaces(listener: unknown, path: Path): Place[] {
  const texts = [
    { text: valueAt(listener, 'address'), path: [...path, 'address'] },
    ...itemsOf(valueAt(listener, 'addresses')).map((text, index) => ({
      text,
      path: [...path, 'addresses', index],
    })),
  ]
  return texts.flatMap(({ text, path: at }) => {
    const addresses = typeof text === 'string' ? parseListenerAddresses(text) : ''
    return typeof addresses === 'string' ? [] : addresses.map((address) => ({ address, path: at }))
  })
}

/** Whether all its clients come over unix sockets. */
export function hasOnlyUnix(listener: unknown): boolean {
  const places = listenPlaces(listener, [])
  return places.length > 0 && places.every(({ address }) => address.kind === 'unix')
}

/** A listener says its addresses once. With several, its name cannot come from one of them. */
export function checkPlaces(listener: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  const { address, addresses, name } = listener
  if (address === undefined && addresses === undefined)
    return [
      {
        path: [...path, 'address'],
        message: 'is missing: expected an address, such as 127.0.0.1:7000',
        about: 'value',
      },
    ]
  if (address !== undefined && addresses !== undefined)
    return [
      {
        path: [...path, 'addresses'],
        message: 'a listener cannot have both "address" and "addresses": write all of them here',
        about: 'key',
      },
    ]
  if (name !== undefined || listenPlaces(listener, path).length <= 1) return []
  const message = 'is missing: a listener with several addresses needs a name. Write one, such as "web"'
  return [{ path: [...path, 'name'], message, about: 'value' }]
}

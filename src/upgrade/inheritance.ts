/** Which listening sockets of the predecessor belong to which listeners of the config. */
import { isDeepStrictEqual } from 'node:util'
import type { ListenPlace } from '../config/checks/listener-addresses.js'
import { InheritedSockets } from '../io/listening/inherited-sockets.js'
import type { PresentPlaces } from '../workers/sockets/shared-ports.js'
import type { Begin, Bequest } from './messages.js'

interface NamedPlace extends ListenPlace {
  readonly name: string
}

/**
 * For a process that listens itself. Listeners with port 0 have the same address. So sockets are given by name, in the order in
 * which the listeners open.
 */
export function socketsFor(
  listeners: readonly NamedPlace[],
  begin: Begin,
  sockets = new InheritedSockets(),
): InheritedSockets {
  const left = new Set(begin.listeners)
  for (const listener of listeners) {
    const bequest = [...left].find((each) => isOf(each, listener))
    if (bequest === undefined) continue
    left.delete(bequest)
    sockets.add(listener.address, bequest.fds)
  }
  for (const { address, fds } of left) sockets.add(address, fds)
  return sockets
}

/** For a supervisor, by the addresses in use, and where the listeners were. */
export function socketsOf(
  { listeners }: Begin,
  sockets = new InheritedSockets(),
): { sockets: InheritedSockets; places: PresentPlaces } {
  for (const { address, fds } of listeners) sockets.add(address, fds)
  const asked = listeners.map(({ name, asked: address, ipv6Only }) => ({ name, address, ipv6Only }))
  return { sockets, places: { loaded: { listeners: asked }, config: { listeners } } }
}

function isOf({ name, asked }: Bequest, listener: NamedPlace): boolean {
  const isFixed = asked.kind === 'unix' || asked.port !== 0
  return isDeepStrictEqual(asked, listener.address) && (isFixed || name === listener.name)
}

/**
 * Cancel requests of Postgres. The client cancels the session of one connection through a second connection.
 * The second one must reach the backend that has the session, whichever process of ours knows it.
 */
import { formatAddress, parseAddress } from '../../address.js'
import type { Dialled } from '../../cluster/dial.js'
import type { PlaceOfBackend } from '../../cluster/dial-at.js'
import { type Dialogue, DialogueOver } from '../../io/dialogue.js'
import type { Watch } from '../../pipe/watched-carrier.js'
import { KeyWatch } from '../../postgres/key-watch.js'
import { type SessionPlace, type Sessions, sessionOf } from '../../postgres/sessions.js'
import type { CancelRequest } from '../opening/known-client.js'
import type { Destination, Destinations } from '../service.js'

/** A session that can be cancelled: where it is, and how to get there. */
export interface Session {
  readonly place: SessionPlace
  readonly at: PlaceOfBackend
  readonly destination: Destination
}

/**
 * Watches for the key by which a client of `listener` can cancel its session with this backend, and tells `sessions`. Calls
 * `found` with the key and with the function that makes them forget it.
 */
export function watchForKey(
  { backend, address, via }: Dialled,
  { listener, destination }: { readonly listener: string; readonly destination: Destination },
  sessions: Sessions<Session>,
  found: (key: string, forget: () => void) => void,
): Watch {
  const place = {
    cluster: destination.cluster.name,
    backend: backend.name,
    address: formatAddress(address),
    via: via?.name,
  }
  const session: Session = { place, at: { backend, address }, destination }
  const watch = new KeyWatch((key) => {
    const name = sessionOf(listener, key)
    sessions.begin(name, session)
    found(key, () => sessions.end(name, session))
  })
  return (bytes) => watch.show(bytes)
}

/**
 * Undefined if nobody knows the session, or if its cluster has another forward proxy now: the address may mean another
 * server there. `destinations`: the only ones that another process may name.
 */
export async function findSession(
  name: string,
  sessions: Sessions<Session>,
  destinations: Destinations,
): Promise<Session | undefined> {
  const session = sessions.find(name) ?? (await findElsewhere(name, sessions, destinations))
  return session?.place.via === session?.destination.cluster.via ? session : undefined
}

async function findElsewhere(
  name: string,
  sessions: Sessions<Session>,
  destinations: Destinations,
): Promise<Session | undefined> {
  const place = await sessions.findElsewhere(name)
  if (place === undefined) return undefined
  const destination = destinations.get(place.cluster)
  const backend = destination?.cluster.backend(place.backend)
  const address = parseAddress(place.address)
  if (destination === undefined || backend === undefined || typeof address !== 'object') return undefined
  return { place, at: { backend, address }, destination }
}

/** Sends the request, and waits until the backend has taken note. The backend says so by ending. */
export async function passCancelOn({ bytes }: CancelRequest, backend: Dialogue): Promise<void> {
  await backend.say(bytes)
  try {
    await backend.show(1)
  } catch (error) {
    if (!(error instanceof DialogueOver) || error.why !== 'broken') throw error
  }
}

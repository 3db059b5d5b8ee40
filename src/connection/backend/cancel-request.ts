/**
 * Cancelling in Postgres: a connection of its own names a session of another one, so it must come to the backend that has
 * that session, whichever process of ours knows it.
 */
import { formatAddress, parseAddress } from '../../address.js'
import type { Dialled } from '../../cluster/dial.js'
import type { PlaceOfBackend } from '../../cluster/dial-at.js'
import { type Dialogue, DialogueOver } from '../../io/dialogue.js'
import type { Watch } from '../../pipe/watched-carrier.js'
import { KeyWatch } from '../../postgres/key-watch.js'
import type { SessionPlace, Sessions } from '../../postgres/sessions.js'
import type { CancelRequest } from '../opening/known-client.js'
import type { Destination } from '../service.js'

/** A session that can be cancelled: where it is, and how one comes there. */
export interface Session {
  readonly place: SessionPlace
  readonly at: PlaceOfBackend
  readonly destination: Destination
}

/**
 * Learns by which key a session with this backend can be cancelled, and lets `sessions` know. `found` is told how to make
 * them forget it.
 */
export function watchForKey(
  { backend, address }: Dialled,
  destination: Destination,
  sessions: Sessions<Session>,
  found: (forget: () => void) => void,
): Watch {
  const place = {
    cluster: destination.cluster.name,
    backend: backend.name,
    address: formatAddress(address),
  }
  const session: Session = { place, at: { backend, address }, destination }
  const watch = new KeyWatch((name) => {
    sessions.begin(name, session)
    found(() => sessions.end(name, session))
  })
  return (bytes) => watch.show(bytes)
}

/** Undefined where nobody knows it. `destinations`: of those that another process may name. */
export async function findSession(
  name: string,
  sessions: Sessions<Session>,
  destinations: ReadonlyMap<string, Destination>,
): Promise<Session | undefined> {
  const session = sessions.find(name)
  if (session !== undefined) return session
  const place = await sessions.findElsewhere(name)
  if (place === undefined) return undefined
  const destination = destinations.get(place.cluster)
  const backend = destination?.cluster.backend(place.backend)
  const address = parseAddress(place.address)
  if (destination === undefined || backend === undefined || typeof address !== 'object') return undefined
  return { place, at: { backend, address }, destination }
}

/** Sends the request, and waits until the backend has taken note, which it says by ending. */
export async function passCancelOn({ bytes }: CancelRequest, backend: Dialogue): Promise<void> {
  await backend.say(bytes)
  try {
    await backend.show(1)
  } catch (error) {
    if (!(error instanceof DialogueOver) || error.why !== 'broken') throw error
  }
}

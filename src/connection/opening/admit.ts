/**
 * Whether a client that came through a trusted proxy may come in. Its address was not checked at accept, because it was not
 * known then. A proxy that speaks for itself is not checked: its health checks must go on.
 */
import type { Address, PeerAddress } from '../../address.js'
import { mayNameClients } from '../listener-policy.js'
import { refuse } from '../refusal.js'
import type { KnownClient } from './known-client.js'

/** The address that a client counts for. `exempt`: a trusted proxy that speaks for itself. */
export type CountedClient = PeerAddress | 'exempt'

/** After the PROXY header, or when there is none. Throws a Refusal. */
export function admitSender(client: KnownClient): void {
  if (!mayNameClients(client.policy, client.peer)) return
  const sender = countedSender(client)
  if (typeof sender === 'object') admit(client, sender)
}

/** After the head of the request. Throws a Refusal. */
export function admitRequester(client: KnownClient): void {
  if (client.fieldClient !== undefined) admit(client, client.fieldClient)
}

/** What an opening knows of the client at its end. */
export function countedClient(client: KnownClient): CountedClient {
  if (client.fieldClient !== undefined) return client.fieldClient
  return mayNameClients(client.policy, client.peer) ? countedSender(client) : client.peer
}

/** A trusted proxy may still name the client in a request. Until then it speaks for itself. */
function countedSender({ policy, proxyHeader, sender }: KnownClient): CountedClient {
  const speaksForItself = proxyHeader !== undefined && proxyHeader.source === undefined
  return speaksForItself || policy.trustedProxies.has(sender) ? 'exempt' : sender
}

function admit(client: KnownClient, address: Address): void {
  const cause = client.admit(address)
  if (cause !== undefined) throw refuse(cause)
  client.named = address
}

/**
 * Whether a client that came through a trusted proxy may come in. Its address was not checked at accept, because it was not
 * known then. A proxy that speaks for itself is not checked: its health checks must go on.
 */
import type { Address } from '../../address.js'
import { mayNameClients } from '../listener-policy.js'
import { refuse } from '../refusal.js'
import type { KnownClient } from './known-client.js'

/** After the PROXY header, or when there is none. Throws a Refusal. */
export function admitSender(client: KnownClient): void {
  const { policy, peer, proxyHeader, sender } = client
  if (!mayNameClients(policy, peer) || sender === undefined) return
  const speaksForItself = proxyHeader !== undefined && proxyHeader.source === undefined
  // A proxy that may name the client of a request has not done so yet.
  if (!speaksForItself && !policy.trustedProxies.has(sender)) admit(client, sender)
}

/** After the head of the request. Throws a Refusal. */
export function admitRequester(client: KnownClient): void {
  if (client.fieldClient !== undefined) admit(client, client.fieldClient)
}

function admit({ admit }: KnownClient, address: Address): void {
  const cause = admit(address)
  if (cause !== undefined) throw refuse(cause)
}

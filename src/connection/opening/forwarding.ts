/**
 * The client of a request, both ways: what a trusted proxy in front says about it, and what the backend is
 * told.
 */
import type { Address } from '../../address.js'
import { clientChain } from '../../websocket/forwarding/client-chain.js'
import { forwardedHead } from '../../websocket/forwarding/forward.js'
import { refuse } from '../refusal.js'
import type { FirstRequest } from './first-request.js'
import type { KnownClient } from './known-client.js'

/** The field tells no port. */
const UNKNOWN_PORT = 0

/**
 * The last address in the field that is not a trusted proxy, or the first one if all are trusted. If an entry
 * is not an address, the entries before it are not believed. Undefined if the sender of the request is not
 * trusted or names nobody.
 */
export function clientByField({ sender, policy }: KnownClient, { head }: FirstRequest): Address | undefined {
  const { trustedProxies } = policy
  const { clientFrom } = policy.config
  if (clientFrom === undefined || !trustedProxies.has(sender)) return undefined
  let client: Address | undefined
  for (const host of clientChain(head.fields, clientFrom.field).toReversed()) {
    if (host === undefined) return client
    client = { kind: 'tcp', host, port: UNKNOWN_PORT }
    if (!trustedProxies.has(client)) return client
  }
  return client
}

/** The request head as it goes to the backend. Throws a Refusal if it is too large. */
export function requestFor({ address, policy }: KnownClient, { original, head, key }: FirstRequest): Buffer {
  const { config, termination } = policy
  const forwarded = forwardedHead(original, head, {
    clientHost: address?.kind === 'tcp' ? address.host : undefined,
    proto: termination === undefined ? 'http' : 'https',
    mode: config.xForwarded,
    clientField: config.clientFrom?.field,
    closes: key === undefined,
  })
  if (Buffer.isBuffer(forwarded)) return forwarded
  throw refuse(`bad-request: ${forwarded.reason}`, forwarded.status)
}

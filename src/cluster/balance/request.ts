/**
 * What a balancer may ask about the connection that it finds a backend for. A fact may be computed when it is
 * read. Only a balancer that depends on it reads it.
 */
import type { Address } from '../../address.js'

export interface BalanceRequest {
  /** Address of the client, as far as we and those we trust know it. Undefined if nobody could tell. */
  readonly clientAddress: Address | undefined
  /** The server name (SNI) of its TLS. Undefined if it gave none, or if millrace did not look. */
  readonly serverName: string | undefined
  /** Host of its HTTP request, in lower case, without port and trailing dot. */
  readonly host: string | undefined
  /** Path of its HTTP request, as it came, without the query. */
  readonly path: string | undefined
  /** Target of its HTTP request, as it came, with the query. */
  readonly target: string | undefined
  /** Connections with the same key belong together. Undefined if there is no key. */
  readonly key: string | undefined
  /** Values of the header fields of this name, in lower case, in its HTTP request. */
  fieldValues(name: string): readonly string[]
  /** Value of the first TLV of this type (0 to 255) in its PROXY header. */
  tlv(type: number): Buffer | undefined
}

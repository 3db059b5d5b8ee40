/**
 * What a balancer may ask of the connection that it finds a backend for. A fact may be worked out when it is read, and
 * is read only by a balancer that depends on it.
 */
import type { Address } from '../../address.js'

export interface BalanceRequest {
  /** Who the client is, as far as anybody we trust has said. Undefined where nobody could tell. */
  readonly clientAddress: Address | undefined
  /** The server name (SNI) of its TLS. Undefined where it gave none, or was not asked. */
  readonly serverName: string | undefined
  /** Of its HTTP request: in small letters, without port and trailing dot. */
  readonly host: string | undefined
  /** Of its HTTP request: as it came, without the query. */
  readonly path: string | undefined
  /** Connections that were given the same key belong together. Undefined where none was given. */
  readonly key: string | undefined
  /** Value of the first TLV of this type (0 to 255) in its PROXY header. */
  tlv(type: number): Buffer | undefined
}

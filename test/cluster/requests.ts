/** Requests of connections that want a backend. */
import type { DialRequest } from '../../src/cluster/dial.js'

/** A request of a client of which nothing is known. */
export function requestOf(connectMs: number): DialRequest {
  return {
    connectMs,
    clientAddress: undefined,
    serverName: undefined,
    host: undefined,
    path: undefined,
    target: undefined,
    key: undefined,
    fieldValues: () => [],
    tlv: () => undefined,
  }
}

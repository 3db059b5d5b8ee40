/** Connections that want a backend, for tests. */
import type { DialRequest } from '../../src/cluster/dial.js'

/** Nothing is known of it but how long it waits. */
export function requestOf(connectMs: number): DialRequest {
  return {
    connectMs,
    clientAddress: undefined,
    serverName: undefined,
    host: undefined,
    path: undefined,
    key: undefined,
    tlv: () => undefined,
  }
}

/** The address of the peer behind a stream of a user, for the record. A socket that has closed or been taken over cannot tell it any more. */
import { isIP, type Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { formatAddress, hostOfSocket } from '../address.js'

/** Asks now, or when the socket is connected. Returns what tells the address: undefined if the stream has none. */
export function askFarAddress(stream: Duplex): () => string | undefined {
  let address = farAddress(stream)
  if (address === undefined && (stream as Partial<NetSocket>).connecting === true)
    stream.once('connect', () => {
      address = farAddress(stream)
    })
  return () => address
}

function farAddress(stream: Duplex): string | undefined {
  try {
    const { remoteAddress, remotePort: port } = stream as { remoteAddress?: unknown; remotePort?: unknown }
    if (typeof remoteAddress !== 'string' || typeof port !== 'number') return undefined
    const host = hostOfSocket(remoteAddress)
    return isIP(host) === 0 ? undefined : formatAddress({ kind: 'tcp', host, port })
  } catch {
    // A stream of a user may have getters that throw.
    return undefined
  }
}

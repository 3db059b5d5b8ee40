/**
 * A connection that began as an fd of ours and is Node's now, for TLS. The kernel can still be asked about it.
 */
import { Socket as NetSocket, type SocketConstructorOpts } from 'node:net'
import type { Native } from './native.js'

export class ReleasedSocket extends NetSocket {
  readonly #native: Pick<Native, 'roundTripMicros'>
  readonly #fd: number

  /** Node closes `fd` when the socket is destroyed. */
  constructor(native: Pick<Native, 'roundTripMicros'>, fd: number, options: SocketConstructorOpts) {
    super({ ...options, fd })
    this.#native = native
    this.#fd = fd
  }

  /** Smoothed, in µs (TCP_INFO); undefined where the connection is no more. */
  roundTripMicros(): number | undefined {
    const micros = this.destroyed ? -1 : this.#native.roundTripMicros(this.#fd)
    return micros < 0 ? undefined : micros
  }
}

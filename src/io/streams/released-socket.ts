/**
 * A connection that began as an fd of ours and now belongs to Node, for TLS. The addon can still ask the
 * kernel about it.
 */
import { Socket as NetSocket, type SocketConstructorOpts } from 'node:net'
import type { Native } from '../kernel/native.js'
import { type Liveness, livenessArguments } from '../liveness.js'

/** What the addon takes for a socket without a limit. */
export const NO_PACING = -1

type Asked = Pick<Native, 'roundTripMicros' | 'setLiveness' | 'setPacing' | 'unacknowledged'>

export class ReleasedSocket extends NetSocket {
  readonly #native: Asked
  readonly #fd: number

  /** Node closes `fd` when the socket is destroyed. */
  constructor(native: Asked, fd: number, options: SocketConstructorOpts) {
    super({ ...options, fd })
    this.#native = native
    this.#fd = fd
  }

  /** Smoothed round-trip time in µs (TCP_INFO). Undefined if the connection is gone. */
  roundTripMicros(): number | undefined {
    const micros = this.destroyed ? -1 : this.#native.roundTripMicros(this.#fd)
    return micros < 0 ? undefined : micros
  }

  setLiveness(liveness: Liveness): void {
    if (!this.destroyed) this.#native.setLiveness(this.#fd, ...livenessArguments(liveness))
  }

  /** 0: without a limit. False if the kernel does not pace this socket. */
  setPacing(bytesPerSecond: number): boolean {
    return !this.destroyed && this.#native.setPacing(this.#fd, bytesPerSecond || NO_PACING) === 0
  }

  /** Bytes the peer has not acknowledged (SIOCOUTQ). Undefined if the connection is gone. */
  unacknowledgedBytes(): number | undefined {
    const bytes = this.destroyed ? -1 : this.#native.unacknowledged(this.#fd)
    return bytes < 0 ? undefined : bytes
  }
}

/**
 * A connection that began as an fd of ours and now belongs to Node, for TLS. The addon can still ask the
 * kernel about it.
 */
import { Socket as NetSocket, type SocketConstructorOpts } from 'node:net'
import type { KernelLoop } from '../kernel/kernel-loop.js'
import { readTcpInfo } from '../kernel/read-tcp-info.js'
import { type Liveness, livenessArguments } from '../liveness.js'
import type { TcpInfo } from '../tcp-info.js'

/** What the addon takes for a socket without a limit. */
export const NO_PACING = -1

type Asked = Pick<KernelLoop, 'native' | 'figures'>

export class ReleasedSocket extends NetSocket {
  readonly #loop: Asked
  readonly #fd: number

  /** Node closes `fd` when the socket is destroyed. */
  constructor(loop: Asked, fd: number, options: SocketConstructorOpts) {
    super({ ...options, fd })
    this.#loop = loop
    this.#fd = fd
  }

  /** Undefined if the connection is gone. */
  tcpInfo(): TcpInfo | undefined {
    return this.destroyed ? undefined : readTcpInfo(this.#loop, this.#fd)
  }

  setLiveness(liveness: Liveness): void {
    if (!this.destroyed) this.#loop.native.setLiveness(this.#fd, ...livenessArguments(liveness))
  }

  /** 0: without a limit. False if the kernel does not pace this socket. */
  setPacing(bytesPerSecond: number): boolean {
    return !this.destroyed && this.#loop.native.setPacing(this.#fd, bytesPerSecond || NO_PACING) === 0
  }

  /** Bytes the peer has not acknowledged (SIOCOUTQ). Undefined if the connection is gone. */
  unacknowledgedBytes(): number | undefined {
    const bytes = this.destroyed ? -1 : this.#loop.native.unacknowledged(this.#fd)
    return bytes < 0 ? undefined : bytes
  }
}

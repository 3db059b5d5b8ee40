/** A listening socket as Node hands it from process to process. */
import type { ServerHandle } from '../../../src/io/listening/server-handle.js'
import type { AcceptQueue } from '../kernel/accept-queue.js'
import { EBADF } from '../kernel/errnos.js'
import type { Kernel } from '../kernel/kernel.js'

export class SimulatedHandle implements ServerHandle {
  readonly #kernel: Kernel
  #fd: number

  constructor(kernel: Kernel, fd: number) {
    this.#kernel = kernel
    this.#fd = fd
  }

  get fd(): number {
    return this.#fd
  }

  /** The clients that wait at the socket. Undefined once it is closed. */
  get queue(): AcceptQueue | undefined {
    return this.#kernel.queueOf(this.#fd)
  }

  getsockname(into: { address?: string; port?: number }): number {
    const local = this.#kernel.localAddress(this.#fd)
    if (local === undefined) return -EBADF
    Object.assign(into, { address: local.host, port: local.port })
    return 0
  }

  close(): void {
    if (this.#fd >= 0) this.#kernel.close(this.#fd, false)
    this.#fd = -1
  }
}

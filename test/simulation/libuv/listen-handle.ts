/** uv_tcp_t of libuv as a server. It accepts one client for each look at the kernel (uv__server_io). */
import * as e from '../kernel/errnos.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import { UNIX_PORT } from '../kernel/unix-socket.js'
import type { UvLoop, Watcher } from './loop.js'
import { createPipeHandle, TcpHandle } from './tcp-handle.js'

export class ListenHandle implements Watcher {
  fd = -1
  interest = 0
  generation = 0
  /** Set by Node. */
  onconnection: ((error: number, client: TcpHandle) => void) | undefined = undefined
  readonly #loop: UvLoop
  readonly #asked: TcpPeer

  constructor(loop: UvLoop, asked: TcpPeer) {
    this.#loop = loop
    this.#asked = asked
  }

  listen(backlog: number): number {
    const { host, port } = this.#asked
    const fd = this.#loop.kernel.listen(host, port, backlog)
    if (fd < 0) return fd
    this.fd = fd
    this.#loop.want(this, e.EPOLLIN)
    return 0
  }

  io(): void {
    const [fd] = this.#loop.kernel.accept(this.fd)
    if (fd === -e.EMFILE) this.#shedLoad()
    if (fd >= 0) this.#loop.call(() => this.onconnection?.(0, this.#handleOf(fd)))
  }

  close(closed: () => void = () => {}): void {
    this.#loop.want(this, 0)
    this.#loop.kernel.close(this.fd, false)
    this.fd = -1
    this.#loop.close(this, () => this.#loop.call(closed))
  }

  getsockname(into: { address?: string; port?: number }): number {
    const local = this.#loop.kernel.localAddress(this.fd)
    if (local === undefined) return -e.EBADF
    Object.assign(into, { address: local.host, port: local.port, family: 'IPv4' })
    return 0
  }

  ref(): void {}

  unref(): void {}

  #handleOf(fd: number): TcpHandle {
    return this.#asked.port === UNIX_PORT ? createPipeHandle(this.#loop, fd) : new TcpHandle(this.#loop, fd)
  }

  /** uv__emfile_trick: libuv accepts the waiting clients with a spare fd and closes them. */
  #shedLoad(): void {
    const { shortage } = this.#loop.kernel
    const { fds } = shortage
    shortage.fds = fds + 1
    for (let fd = 0; fd >= 0; ) {
      fd = this.#loop.kernel.accept(this.fd)[0]
      if (fd >= 0) this.#loop.kernel.close(fd, false)
    }
    shortage.fds = fds
  }
}

/**
 * The near end of a unix connection (unix(7)), as far as Linux answers otherwise than for TCP. It ignores SO_RCVLOWAT and
 * SO_LINGER, bytes arrive at once, and a close ends both ways. A close with unread bytes is reported as a reset.
 */
import type { Epoll } from './epoll.js'
import { ECONNRESET, EOPNOTSUPP, EPIPE } from './errnos.js'
import type { FarEnd } from './machine.js'
import type { Buffers } from './one-way.js'
import { type TcpPeer, TcpSocket } from './tcp-socket.js'
import { UnixWay } from './unix-way.js'

/** Stands for the port of a unix address, whose host is a path. */
export const UNIX_PORT = -1
export const NAMELESS: TcpPeer = { host: '', port: UNIX_PORT }

export class UnixSocket extends TcpSocket {
  override setLowWater(): void {}

  override setPacing(): number {
    return -EOPNOTSUPP
  }

  override send(bytes: Buffer): number {
    return this.isGone ? -EPIPE : super.send(bytes)
  }

  override close(): void {
    super.close(false, 0)
  }

  /** The other side has closed. */
  hungUp(hasUnread: boolean): void {
    this.failed(hasUnread ? ECONNRESET : 0)
    this.outbound.forget()
  }
}

export function unixConnection(
  epoll: Epoll,
  buffers: Buffers,
  local: TcpPeer,
  remote: TcpPeer,
): [near: UnixSocket, far: FarEnd] {
  const inbound = new UnixWay(buffers)
  const outbound = new UnixWay(buffers)
  const near = new UnixSocket(epoll, inbound, outbound, local, remote)
  const hangUp = (hasUnread: boolean): void => near.hungUp(hasUnread)
  return [near, { inbound: outbound, outbound: inbound, hangUp }]
}

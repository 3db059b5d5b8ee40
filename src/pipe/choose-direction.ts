/** Chooses the kind of direction that two sockets make. It does so once, when they are joined. */
import { FdSocket } from '../io/kernel/fd-socket.js'
import type { Socket } from '../io/socket.js'
import type { StreamSocket } from '../io/streams/stream-socket.js'
import type { Direction } from './direction.js'
import { FdDirection } from './fd/fd-direction.js'
import type { PipeHost } from './options.js'
import { StreamDirection } from './stream-direction.js'

/**
 * Both sockets are fds, or both are streams (io/streams/as-stream.ts). `head` has bytes already read from the
 * source. They go first.
 */
export function directionBetween(source: Socket, sink: Socket, host: PipeHost, head?: Buffer): Direction {
  if (source instanceof FdSocket && sink instanceof FdSocket) return new FdDirection(source, sink, host, head)
  return new StreamDirection(source as StreamSocket, sink as StreamSocket, host, head)
}

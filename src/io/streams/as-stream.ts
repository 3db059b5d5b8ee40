/**
 * Turns a connection into a socket on a Node stream. If one end of a pipe is a stream (TLS), the other must
 * be one too.
 */
import type { FdSocket } from '../kernel/fd-socket.js'
import type { RunQueue } from '../run-queue.js'
import type { Socket } from '../socket.js'
import { ReadMemory } from './read-memory.js'
import { StreamSocket } from './stream-socket.js'

/** Prepares two sockets to be joined: if one is a stream, both become streams. Throws if one is closed. */
export function asAlike(a: Socket, b: Socket, runQueue: RunQueue): [Socket, Socket] {
  if (a.kind === b.kind) return [a, b]
  return [asStream(a, runQueue), asStream(b, runQueue)]
}

/** The result has everything that was in `socket`. `socket` itself is an empty shell afterwards. */
export function asStream(socket: Socket, runQueue: RunQueue): StreamSocket {
  if (socket.kind === 'stream') return socket as StreamSocket
  const memory = new ReadMemory()
  const { owner } = socket
  const stream = (socket as FdSocket).release(memory.onread)
  if (stream === undefined) throw new Error('a closed socket cannot become a stream')
  const housed = new StreamSocket(stream, runQueue, 'not-a-plain-socket', memory)
  housed.owner = owner
  return housed
}

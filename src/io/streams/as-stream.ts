/**
 * The same connection as a socket that a stream is behind: where the other end is a stream (TLS), both are.
 */
import type { FdSocket } from '../kernel/fd-socket.js'
import type { RunQueue } from '../run-queue.js'
import type { Socket } from '../socket.js'
import { ReadMemory } from './read-memory.js'
import { StreamSocket } from './stream-socket.js'

/** Two to be joined: where one is a stream, both are. Throws where one is closed. */
export function asAlike(a: Socket, b: Socket, runQueue: RunQueue): [Socket, Socket] {
  if (a.kind === b.kind) return [a, b]
  return [asStream(a, runQueue), asStream(b, runQueue)]
}

/** What was in `socket` is in the answer; `socket` itself is an empty shell then. */
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

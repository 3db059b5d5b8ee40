/**
 * The same connection as a socket that a stream is behind: where the other end is a stream (TLS), both are.
 */
import type { FdSocket } from './fd-socket.js'
import { ReadMemory } from './read-memory.js'
import type { Socket } from './socket.js'
import { StreamSocket } from './stream-socket.js'
import type { Turns } from './turns.js'

/** Two to be joined: where one is a stream, both are. Throws where one is closed. */
export function asAlike(a: Socket, b: Socket, turns: Turns): [Socket, Socket] {
  if (a.kind === b.kind) return [a, b]
  return [asStream(a, turns), asStream(b, turns)]
}

/** What was in `socket` is in the answer; `socket` itself is an empty shell then. */
export function asStream(socket: Socket, turns: Turns): StreamSocket {
  if (socket.kind === 'stream') return socket as StreamSocket
  const memory = new ReadMemory()
  const { owner } = socket
  const stream = (socket as FdSocket).release(memory.onread)
  if (stream === undefined) throw new Error('a closed socket cannot become a stream')
  const housed = new StreamSocket(stream, turns, 'not-a-plain-socket', memory)
  housed.owner = owner
  return housed
}

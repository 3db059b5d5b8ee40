/**
 * The moment at which a stream changes from its user to a pipe. Whatever the user has set up on it ends, in the same way for
 * sockets that the kernel will carry and for those that stay streams.
 */
import { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { destroyFor } from '../io/streams/stream-faults.js'

/** From here on no listener and no timeout of the user does anything, and no 'error' may escape. */
export function takeFromUser(stream: Duplex): void {
  try {
    stream.on('error', () => {})
    stopReading(stream)
    // Without this, Node would answer a FIN with its own FIN while millrace waits for queued writes.
    stream.allowHalfOpen = true
    while (stream.writableCorked > 0) stream.uncork()
    if (stream instanceof NetSocket) stream.setNoDelay(true)
    endTimeout(stream)
  } catch (error) {
    destroyFor(stream, error)
  }
}

function stopReading(stream: Duplex): void {
  stream.pause()
  stream.unpipe?.()
  stream.removeAllListeners('data')
  // Without such a listener, the call would make Node resume the stream.
  if (stream.listenerCount('readable') > 0) stream.removeAllListeners('readable')
}

/** While a socket connects, its timeout is about that. A pipe has deadlines of its own. */
function endTimeout(stream: Duplex): void {
  const { connecting, setTimeout } = stream as Partial<NetSocket>
  if (typeof setTimeout !== 'function') return
  const end = (): void => void setTimeout.call(stream, 0)
  if (connecting) stream.once('connect', end)
  else end()
}

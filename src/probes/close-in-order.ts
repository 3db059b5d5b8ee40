/**
 * The end of a connection after an answer. An earlier close would reset a backend that is still sending, and a reset makes
 * some servers log an error.
 */
import type { Socket } from 'node:net'

/** How long the backend may take to close, too. Then the connection is closed without waiting. */
const MOST_MS = 1000
/** How much it may send meanwhile, such as the body of an HTTP answer. */
const MOST_BYTES = 256 * 1024

/** Sends what is left and FIN, and discards what comes until the backend closes. None of this keeps a process alive. */
export function closeInOrder(stream: Socket): void {
  let bytes = 0
  const timer = setTimeout(() => stream.destroy(), MOST_MS).unref()
  stream.on('data', ({ length }: Buffer) => {
    bytes += length
    if (bytes > MOST_BYTES) stream.destroy()
  })
  stream.once('close', () => clearTimeout(timer))
  stream.unref().resume().end()
}

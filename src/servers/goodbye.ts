/** The last bytes of our own to a client. Node resets a connection that is destroyed with unread bytes, and the client may lose the answer. */
import type { Duplex } from 'node:stream'

/** How long a client may take to read its answer and to end. */
const GOODBYE_MS = 10_000

/** Sends the answer and FIN, drops what the client still sends, and closes when it has ended, too. */
export function sayGoodbye(client: Duplex, answer: Buffer): void {
  client.on('error', () => {})
  if (client.destroyed) return
  const timer = setTimeout(() => client.destroy(), GOODBYE_MS).unref()
  client.once('close', () => clearTimeout(timer))
  client.end(answer)
  client.resume()
}

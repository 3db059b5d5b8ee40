/** Asks a backend for an upgrade, on a connection that is there. `node:http` sends the request and reads the answer. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Refused } from './outcome.js'
import { acceptedHead, finalHead, type UpgradeRequest } from './upgrade-heads.js'

const SWITCHING_PROTOCOLS = 101

export type BackendAnswer =
  | {
      readonly kind: 'accepted'
      /** For the client. */
      readonly head: Buffer
      /** Bytes that came behind the head. */
      readonly rest: Buffer
    }
  | { readonly kind: 'final'; readonly response: IncomingMessage }

/** Rejects with Refused. `signal` destroys the connection. */
export function askBackend(
  socket: Duplex,
  { head, key }: UpgradeRequest,
  fields: readonly string[],
  signal: AbortSignal,
): Promise<BackendAnswer> {
  return new Promise((resolve, reject) => {
    const { request } = process.getBuiltinModule('node:http')
    const outgoing = request({
      createConnection: () => socket,
      method: head.method,
      path: head.target,
      headers: fields,
      signal,
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => reject(new Refused('bad-answer', error.code)))
    outgoing.on('response', (response) => {
      // Node takes a 101 without a right `Upgrade` for an answer that has a body.
      if (response.statusCode === SWITCHING_PROTOCOLS)
        reject(new Refused('bad-answer', '101 without Upgrade'))
      else resolve({ kind: 'final', response })
    })
    outgoing.on('upgrade', (response, _, rest) => {
      try {
        resolve({ kind: 'accepted', head: acceptedHead(response, key), rest })
      } catch (error) {
        reject(error)
      }
    })
    outgoing.end()
  })
}

/** Gives an answer other than 101 to the client, without its end. If the backend breaks in the middle, so does the client. */
export async function passOn(response: IncomingMessage, client: Duplex, signal: AbortSignal): Promise<void> {
  client.write(finalHead(response))
  // No answer of our own may stand behind half an answer of the backend.
  const destroy = (): void => void client.destroy()
  signal.addEventListener('abort', destroy)
  await pipeline(response, client, { end: false, signal }).catch((error: NodeJS.ErrnoException) => {
    destroy()
    throw new Refused('bad-answer', error.code)
  })
}

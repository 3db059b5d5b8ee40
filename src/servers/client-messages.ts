/** Reads messages from a client, one after the other, and takes no more bytes from the kernel than it has to. */
import type { Socket } from 'node:net'
import type { Answer } from '../peek/answer.js'
import { Refused } from './outcome.js'
import { within } from './within.js'

export class ClientMessages {
  /** Bytes that came behind the last message. */
  rest: Buffer = Buffer.alloc(0)
  readonly #client: Socket
  readonly #gone: AbortSignal
  /** For all messages together. 0: for ever. */
  #leftMs: number

  constructor(client: Socket, gone: AbortSignal, ms: number) {
    this.#client = client
    this.#gone = gone
    this.#leftMs = ms
  }

  get hasCome(): boolean {
    return this.#client.bytesRead > 0
  }

  /** Rejects with Refused. */
  async next<Message>(read: (bytes: Buffer) => Answer<Message>): Promise<Message> {
    const began = performance.now()
    const message = await within(this.#leftMs, 'request-timeout', this.#gone, (signal) =>
      this.#read(read, signal),
    )
    if (this.#leftMs > 0) this.#leftMs = Math.max(1, this.#leftMs - (performance.now() - began))
    return message
  }

  #read<Message>(read: (bytes: Buffer) => Answer<Message>, signal: AbortSignal): Promise<Message> {
    const client = this.#client
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        client.off('readable', look)
        client.off('end', look)
        signal.removeEventListener('abort', stop)
      }
      const look = (): void => {
        const chunk: Buffer | null = client.read()
        if (chunk !== null) this.rest = Buffer.concat([this.rest, chunk])
        const answer = read(this.rest)
        if (answer.kind === 'need-more' && !client.readableEnded) return
        stop()
        if (answer.kind === 'match') {
          this.rest = this.rest.subarray(answer.bytes)
          resolve(answer.value)
        } else
          reject(new Refused('bad-request', answer.kind === 'no-match' ? answer.reason : 'it ended early'))
      }
      client.on('readable', look)
      client.on('end', look)
      signal.addEventListener('abort', stop)
      look()
    })
  }
}

/** Whether a client is still there, and where it is. */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Address, hostOfSocket } from '../address.js'

export class Presence {
  readonly address: Address | undefined
  readonly #client: Duplex
  readonly #gone = new AbortController()
  readonly #leave = (): void => this.#gone.abort()

  constructor(client: Duplex) {
    this.#client = client
    this.address = addressOf(client)
    client.on('error', this.#leave)
    client.once('close', this.#leave)
    if (client.destroyed) this.#leave()
  }

  /** Aborts when the client is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Watches no longer. Somebody else has the client. */
  end(): void {
    this.#client.removeListener('error', this.#leave)
    this.#client.removeListener('close', this.#leave)
  }
}

function addressOf(client: Duplex): Address | undefined {
  if (!(client instanceof Socket)) return undefined
  const { remoteAddress, remotePort } = client
  return remoteAddress === undefined || remotePort === undefined
    ? undefined
    : { kind: 'tcp', host: hostOfSocket(remoteAddress), port: remotePort }
}

/**
 * A client that is not joined to a backend yet: what is under way for it, whether it is still there, and what a balancer
 * may ask of it. Its connection forgets it when there is a pipe.
 */
import type { Address } from '../address.js'
import type { Dialling, DialRequest } from '../cluster/dial.js'
import { BROKEN, type Runnable, type Socket } from '../io/socket.js'
import type { Opening } from './opening.js'

/** What an arrival needs of its connection. */
export interface ArrivalOwner {
  readonly connectMs: number
  readonly clientAddress: Address | undefined
  /** What was learnt of its client; undefined where nothing was looked at. */
  readonly opening: Opening | undefined
  clientGone(errno: string | undefined): void
}

export class Arrival implements Runnable, DialRequest {
  isQueued = false
  client: Socket
  /** A dial, while there is one. */
  attempt: Dialling | undefined = undefined
  readonly #owner: ArrivalOwner

  constructor(client: Socket, owner: ArrivalOwner) {
    this.client = client
    this.#owner = owner
  }

  get connectMs(): number {
    return this.#owner.connectMs
  }

  get clientAddress(): Address | undefined {
    const { opening } = this.#owner
    return opening === undefined ? this.#owner.clientAddress : opening.clientAddress
  }

  get serverName(): string | undefined {
    return this.#owner.opening?.hello?.serverName
  }

  get host(): string | undefined {
    return this.#owner.opening?.greeting?.head.host
  }

  get path(): string | undefined {
    return this.#owner.opening?.greeting?.head.path
  }

  /** No route gives one. */
  get key(): undefined {
    return undefined
  }

  tlv(type: number): Buffer | undefined {
    return this.#owner.opening?.proxyHeader?.tlvs.find((each) => each.type === type)?.value
  }

  /** Hears of this client from now on. */
  watch(client: Socket): void {
    this.client = client
    client.owner = this
  }

  /** An event of the client: only that it went away matters. */
  run(): void {
    if (this.client.owner === this && (this.client.ready & BROKEN) !== 0)
      this.#owner.clientGone(this.client.error)
  }

  /** No backend is wanted any more. */
  cancel(): void {
    this.attempt?.cancel()
    this.attempt = undefined
  }
}

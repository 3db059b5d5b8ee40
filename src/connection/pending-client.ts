/**
 * A client that has no backend yet: one is being dialled, or the client waits until that may begin. It is
 * watched, because a client that went away needs no backend. Nothing is read from it. A balancer may ask who
 * it is. Its connection forgets it when the dial is over. Every connection has one for a moment, so it has
 * four fields and no more.
 */
import type { Address } from '../address.js'
import type { DecidedBackend, Dialling, DialRequest, Entry } from '../cluster/dial.js'
import type { Arrival } from '../cluster/dialer.js'
import type { Explanation } from '../cluster/explanation.js'
import { BROKEN, type Runnable, type Socket } from '../io/socket.js'
import type { RecordEnding } from '../observe/records/record.js'
import type { OrderedCause } from '../pipe/options.js'
import { valuesOf } from '../websocket/heads/fields.js'
import type { KnownClient } from './opening/known-client.js'

/** What a pending client needs from its connection. */
export interface PendingClientOwner extends Arrival {
  readonly connectMs: number
  readonly clientAddress: Address | undefined
  /** Undefined if nothing of the client was looked at. */
  readonly knownClient: KnownClient | undefined
  /** Is told why which backend was chosen. Undefined: nobody asks. */
  readonly explanation: Explanation | undefined
  /** Takes the client's places in the limits of its cluster. */
  enter(): Entry
  /** No backend is wanted any more: the client is gone, or somebody ended it. `queuedMs`: how long it was in the queue. */
  gaveUp(ending: RecordEnding, queuedMs: number | undefined): void
}

export class PendingClient implements Runnable, DialRequest {
  isQueued = false
  /** After a TLS handshake this is another socket. */
  client: Socket
  /** The dial, while there is one. */
  attempt: Dialling | undefined = undefined
  readonly #owner: PendingClientOwner

  constructor(client: Socket, owner: PendingClientOwner) {
    this.client = client
    this.#owner = owner
  }

  /** Gets the client's events from now on, and checks for those that came before. */
  watch(): void {
    this.client.owner = this
    this.run()
  }

  get phase(): 'queue' | 'connect' {
    return this.attempt?.isQueued === true ? 'queue' : 'connect'
  }

  /** Node notices an end only on a socket that it reads. It reads once, and keeps what comes for the backend. */
  queued(): void {
    this.client.awaitMore()
  }

  get connectMs(): number {
    return this.#owner.connectMs
  }

  get arrival(): Arrival {
    return this.#owner
  }

  get clientAddress(): Address | undefined {
    const { knownClient } = this.#owner
    return knownClient === undefined ? this.#owner.clientAddress : knownClient.address
  }

  /** As the client of a transparent listener or a PROXY header says it, it need not be a port of the listener. */
  get destinationPort(): number | undefined {
    const { knownClient } = this.#owner
    const local = knownClient === undefined ? this.client.localAddress() : knownClient.localAddress
    return local?.kind === 'tcp' ? local.port : undefined
  }

  get explanation(): Explanation | undefined {
    return this.#owner.explanation
  }

  get serverName(): string | undefined {
    return this.#owner.knownClient?.hello?.serverName
  }

  get host(): string | undefined {
    return this.#owner.knownClient?.request?.head.host
  }

  get authority(): string | undefined {
    return this.#owner.knownClient?.request?.head.authority
  }

  get path(): string | undefined {
    return this.#owner.knownClient?.request?.head.path
  }

  get target(): string | undefined {
    return this.#owner.knownClient?.request?.head.target
  }

  get key(): string | undefined {
    return this.#owner.knownClient?.decision?.key
  }

  fieldValues(name: string): readonly string[] {
    const fields = this.#owner.knownClient?.request?.head.fields
    return fields === undefined ? [] : valuesOf(fields, name)
  }

  tlv(type: number): Buffer | undefined {
    return this.#owner.knownClient?.proxyHeader?.tlvs.find((each) => each.type === type)?.value
  }

  get decided(): DecidedBackend | undefined {
    const { backend, limits } = this.#owner.knownClient?.decision ?? {}
    return (
      backend && { address: backend.address, via: backend.via, maxConnections: limits?.maxConnections ?? 0 }
    )
  }

  enter(): Entry {
    return this.#owner.enter()
  }

  /** An event of the client. It matters only if the connection broke. */
  run(): void {
    const { client } = this
    if (client.owner === this && (client.ready & BROKEN) !== 0)
      this.giveUp({ by: 'client', phase: this.phase, cause: 'client-gone', errno: client.error })
  }

  end(cause: OrderedCause): void {
    this.giveUp({ by: 'proxy', phase: this.phase, cause })
  }

  private giveUp(ending: RecordEnding): void {
    const queuedMs = this.attempt?.queuedMs
    this.attempt?.cancel()
    this.attempt = undefined
    this.#owner.gaveUp(ending, queuedMs)
  }
}

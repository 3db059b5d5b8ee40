/**
 * A client that is not joined to a backend yet: what is under way for it, and whether it is still there. Its connection
 * forgets it when there is a pipe.
 */
import type { Attempt } from '../cluster/dial.js'
import { BROKEN, type Runnable, type Socket } from '../io/socket.js'

export class Arrival implements Runnable {
  isQueued = false
  client: Socket
  /** A dial, while there is one. */
  attempt: Pick<Attempt, 'cancel'> | undefined = undefined
  readonly #owner: { clientGone(errno: string | undefined): void }

  constructor(client: Socket, owner: { clientGone(errno: string | undefined): void }) {
    this.client = client
    this.#owner = owner
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

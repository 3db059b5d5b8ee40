/**
 * A connection whose client was not let in at once. It waits for its turn, or is turned away. Before its turn
 * nothing is done for it: no byte of it is looked at, and no backend is dialled.
 */
import type { Dialling } from '../cluster/dial.js'
import { Connection } from './connection.js'
import type { PendingClient } from './pending-client.js'

export class HeldConnection extends Connection {
  /** From accept until it went on, in whole µs. Undefined until then. */
  private heldMicros: number | undefined = undefined

  override get wasLetIn(): boolean {
    return this.heldMicros !== undefined
  }

  /** Waits at `place`, and gives it up if the client goes away or the connection is ended. */
  waitAt(place: Dialling): void {
    const pending = this.stage as PendingClient
    pending.attempt = place
    pending.watch()
    // Node notices an end only on a socket that it reads. It reads once, and keeps what comes for the
    // backend.
    pending.client.awaitMore()
  }

  /** Called once, when its turn has come. */
  goOn(): void {
    ;(this.stage as PendingClient).attempt = undefined
    this.heldMicros = this.ageMicros
    this.start()
  }

  protected override get waitMicros(): number | undefined {
    return this.negotiation === undefined ? this.heldMicros : this.negotiation.waitMicros
  }
}

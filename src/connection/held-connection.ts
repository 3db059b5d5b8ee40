/**
 * A connection whose client was not let in at once: it waits for its turn, or is turned away. Nothing is done for it
 * before its turn has come: nothing of it is looked at, and no backend is dialled.
 */
import type { Dialling } from '../cluster/dial.js'
import { Connection } from './connection.js'
import type { PendingClient } from './pending-client.js'

export class HeldConnection extends Connection {
  /** From accept until it went on, in whole µs; undefined until then. */
  private heldMicros: number | undefined = undefined

  override get wasLetIn(): boolean {
    return this.heldMicros !== undefined
  }

  /** It waits at `place`, which is given up where the client goes away, or the connection is ended. */
  waitAt(place: Dialling): void {
    const pending = this.stage as PendingClient
    pending.attempt = place
    pending.watch()
    // Node looks only at a socket that it reads. It reads once; what comes is kept for the backend.
    pending.client.awaitMore()
  }

  /** Once: its turn has come. */
  goOn(): void {
    ;(this.stage as PendingClient).attempt = undefined
    this.heldMicros = this.ageMicros
    this.start()
  }

  protected override get waitMicros(): number | undefined {
    return this.negotiation === undefined ? this.heldMicros : this.negotiation.waitMicros
  }
}

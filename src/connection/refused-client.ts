/**
 * A client that gets no backend, while it is told so. Nothing was read of it before: otherwise its negotiation does this.
 */
import { Dialogue } from '../io/dialogue.js'
import type { Engine } from '../io/engine.js'
import type { Socket } from '../io/socket.js'
import type { RecordEnding } from '../observe/records/record.js'
import type { RoundTrips } from './ends.js'

export class RefusedClient {
  readonly phase: RecordEnding['phase']
  readonly dialogue: Dialogue
  /** Taken before, because the record is made when the socket is closed. */
  readonly roundTrips: RoundTrips

  constructor(client: Socket, { runQueue, sweep }: Engine, phase: RecordEnding['phase']) {
    this.phase = phase
    this.dialogue = new Dialogue(client, runQueue, sweep)
    this.roundTrips = { client: client.tcpInfo()?.rttMicros, backend: undefined }
  }

  get client(): Socket {
    return this.dialogue.socket
  }

  /** Closes now. The cause in the record stays. */
  end(): void {
    this.dialogue.cancel()
  }
}

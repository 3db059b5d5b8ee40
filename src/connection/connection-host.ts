/** What a connection needs from its proxy, and tells it. Types only. */
import type { Address } from '../address.js'
import type { Entry } from '../cluster/dial.js'
import type { Explanation } from '../cluster/explanation.js'
import type { OpeningCause } from '../observe/endings.js'
import type { RecordEnding } from '../observe/records/record.js'
import type { Pipe } from '../pipe/pipe.js'
import type { ConnectionView } from './connection-view.js'
import type { NegotiationHost } from './negotiation.js'
import type { CountedClient } from './opening/admit.js'
import type { Destination } from './service.js'
import type { ToldClients } from './told-clients.js'

/** What a connection needs from its proxy. */
export interface ConnectionHost extends NegotiationHost {
  readonly told: ToldClients
  /** Is told why which backend was chosen for the connection. Undefined: its record does not say it. */
  explanationOf(connection: ConnectionView): Explanation | undefined
  /** A trusted proxy has named the client. Why the client may not come in. Undefined: it may. */
  admitNamed(connection: ConnectionView, client: Address): OpeningCause | undefined
  /** The client needs places in the limits of this cluster. */
  enter(connection: ConnectionView, destination: Destination, client: CountedClient): Entry
  /** A step before the pipe has thrown an error that no step should throw. */
  failed(connection: ConnectionView, cause: 'route-failed' | 'internal-error', error: unknown): void
  /** A backend has accepted. The connection knows its `connectMicros`. */
  connected(connection: ConnectionView): void
  /** It has had a backend for `openMs`. Told at each look at deadlines, the last of which was `sinceMs` ago. */
  lasts(connection: ConnectionView, openMs: number, sinceMs: number): void
  /** Both sides are ready, and nothing has moved through the pipe. */
  joined(connection: ConnectionView, pipe: Pipe): void
  /** That backend's first byte has come. The connection knows its `firstByteMicros`. */
  answered(connection: ConnectionView): void
  /** Another process goes on with the connection. */
  left(connection: ConnectionView): void
  /** The connection is over. Both sockets are closed or about to be. */
  ended(connection: ConnectionView, ending: RecordEnding): void
}

/** Both ends of a connection, and what is known of the ways to them. Types only. */
import type { Socket } from '../io/socket.js'
import type { Watch } from '../pipe/watched-carrier.js'

/** Both ends, ready for a pipe. */
export interface Ends {
  readonly client: Socket
  readonly backend: Socket
  /** Sees what the backend sends. */
  readonly watch?: Watch | undefined
}

/** Smoothed round-trip times in µs. */
export interface RoundTrips {
  readonly client: number | undefined
  readonly backend: number | undefined
}

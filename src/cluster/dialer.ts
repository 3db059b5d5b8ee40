/** What connects a cluster to its backends: the engine, or something that goes through a forward proxy. */
import type { Address, PeerAddress } from '../address.js'
import type { Dial, DialOutcome } from '../io/engine.js'
import type { ForwardProxyFailure } from '../via/tunnel-failure.js'

/** The forward proxy of a dial. */
export interface Through {
  /** Without its credentials. */
  readonly name: string
  /** Set if it failed itself. Then no backend is to blame. */
  readonly failure?: ForwardProxyFailure | undefined
}

export interface DialerOutcome extends DialOutcome {
  /** Undefined: the dial was a direct one. */
  readonly via?: Through | undefined
}

/** How a connection came to this process. */
export interface Arrival {
  /** Its listener. */
  readonly service: { readonly name: string }
  /** The address that connected. */
  readonly peer: PeerAddress
}

/** The client for whom a dialer connects. */
export interface DialClient {
  /** Undefined: nobody came. */
  readonly arrival?: Arrival | undefined
  /** Undefined: unknown. */
  readonly clientAddress?: Address | undefined
  /** The port that the client has connected to. Undefined: unknown. */
  readonly destinationPort?: number | undefined
}

/** A backend without a port has 0, which stands for the port that its client has connected to. */
export function withClientPort<Reached extends Address>(
  to: Reached,
  client: DialClient | undefined,
): Reached {
  if (to.kind === 'unix' || to.port !== 0) return to
  return { ...to, port: client?.destinationPort ?? 0 }
}

export interface Dialer {
  /** As that of an engine, but with a forward proxy the host of `to` may be a name. `client`: undefined if there is none. */
  dial(
    to: Address,
    connectMs: number,
    done: (outcome: DialerOutcome) => void,
    client?: DialClient | undefined,
  ): Dial
}

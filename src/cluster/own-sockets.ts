/**
 * Sets up the sockets of a cluster's connects as its config says: their options, and the address from which they connect. A cluster without
 * such keys costs one comparison for each connect.
 */
import { isIP } from 'node:net'
import type { Address } from '../address.js'
import type { ClusterSocket } from '../config/schemas/socket-schema.js'
import type { Dial, DialOutcome } from '../io/engine.js'
import type { DialSetup } from '../io/socket-options.js'
import type { Arrival, DialClient, Dialer } from './dialer.js'

/** The part of an engine that connects. `arrival`: the connection for which it does. */
export interface Connector {
  dial(
    address: Address,
    connectMs: number,
    done: (outcome: DialOutcome) => void,
    setup?: DialSetup,
    arrival?: Arrival,
  ): Dial
}

export class OwnSockets implements Dialer {
  readonly #connector: Connector
  /** What the present config says. */
  readonly #socket: () => ClusterSocket | undefined
  #turns = 0

  constructor(connector: Connector, socket: () => ClusterSocket | undefined) {
    this.#connector = connector
    this.#socket = socket
  }

  dial(to: Address, connectMs: number, done: (outcome: DialOutcome) => void, client?: DialClient): Dial {
    const socket = this.#socket()
    const setup =
      socket === undefined || to.kind === 'unix' ? undefined : this.#setup(socket, to.host, client)
    return this.#connector.dial(to, connectMs, done, setup, client?.arrival)
  }

  #setup({ options, source, sourcePorts }: ClusterSocket, peer: string, client?: DialClient): DialSetup {
    const own = source?.isClient ? hostOf(client) : this.#next(source?.addresses ?? [], peer)
    const any = sourcePorts === undefined ? undefined : anyOf(peer)
    const host = own !== undefined && isIP(own) === isIP(peer) ? own : any
    return { options, source: host === undefined ? undefined : { host, ports: sourcePorts } }
  }

  /** Addresses of the peer's family take turns. */
  #next(addresses: readonly string[], peer: string): string | undefined {
    const fitting = addresses.filter((each) => isIP(each) === isIP(peer))
    return fitting[this.#turns++ % fitting.length]
  }
}

const hostOf = (client: DialClient | undefined): string | undefined =>
  client?.clientAddress?.kind === 'tcp' ? client.clientAddress.host : undefined

/** The address that leaves the choice to the kernel. */
const anyOf = (peer: string): string => (isIP(peer) === 6 ? '::' : '0.0.0.0')

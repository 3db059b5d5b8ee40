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

/** Addresses that take turns, by their IP version. */
interface Sources {
  readonly all: readonly string[]
  readonly ipv4: readonly string[]
  readonly ipv6: readonly string[]
}

export class OwnSockets implements Dialer {
  readonly #connector: Connector
  /** What the present config says. */
  readonly #socket: () => ClusterSocket | undefined
  #turns = 0
  #sources: Sources = { all: [], ipv4: [], ipv6: [] }

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

  #setup(socket: ClusterSocket, peer: string, client?: DialClient): DialSetup {
    const { source } = socket
    return setupFrom(
      socket,
      peer,
      source?.isClient ? hostOf(client) : this.#next(source?.addresses ?? [], peer),
    )
  }

  /** Addresses of the peer's family take turns. */
  #next(addresses: readonly string[], peer: string): string | undefined {
    if (this.#sources.all !== addresses) this.#sources = sourcesOf(addresses)
    const fitting = isIP(peer) === 6 ? this.#sources.ipv6 : this.#sources.ipv4
    return fitting[this.#turns++ % fitting.length]
  }
}

const sourcesOf = (all: readonly string[]): Sources => ({
  all,
  ipv4: all.filter((each) => isIP(each) === 4),
  ipv6: all.filter((each) => isIP(each) === 6),
})

/** How the socket of a check is set up, which connects for no client. Of several addresses it takes the first that fits. */
export function checkSetup(socket: ClusterSocket | undefined, to: Address): DialSetup | undefined {
  if (socket === undefined || to.kind === 'unix') return undefined
  return setupFrom(
    socket,
    to.host,
    socket.source?.addresses.find((each) => isIP(each) === isIP(to.host)),
  )
}

/** `own`: the address from which to connect. Undefined: as the kernel chooses. */
function setupFrom(
  { options, sourcePorts }: ClusterSocket,
  peer: string,
  own: string | undefined,
): DialSetup {
  const any = sourcePorts === undefined ? undefined : anyOf(peer)
  const host = own !== undefined && isIP(own) === isIP(peer) ? own : any
  return { options, source: host === undefined ? undefined : { host, ports: sourcePorts } }
}

const hostOf = (client: DialClient | undefined): string | undefined =>
  client?.clientAddress?.kind === 'tcp' ? client.clientAddress.host : undefined

/** The address that leaves the choice to the kernel. */
const anyOf = (peer: string): string => (isIP(peer) === 6 ? '::' : '0.0.0.0')

/** Where clients go, and the timeouts of their connections in the places where they apply. Pure. */
import { didYouMean } from '../config/suggest.js'
import { type ConnectionTimeouts, connectionTimeouts, type OwnTimeouts } from '../config/timeouts.js'
import { quote } from '../config/wording.js'
import type { PipeTimeouts } from '../pipe/options.js'
import type { Originations } from '../tls/originations.js'
import type { BackendParts } from './decision/decided-backend.js'
import type { Choice } from './opening/choice.js'
import type { Destination, Destinations, Service } from './service.js'

/** The same cluster for clients with other timeouts. */
export function withTimeouts(destination: Destination, timeouts: ConnectionTimeouts): Destination {
  const { pipes, preamble } = destination
  const { connectMs, responseMs, idleMs } = timeouts
  return {
    ...destination,
    connectMs,
    pipes: { ...pipes, settings: { ...pipes.settings, ...pipeTimeouts(timeouts) } },
    preamble: { ...preamble, responseMs, idleMs },
  }
}

/** The same clusters for a listener that has timeouts of its own. Each destination is made for its first client: most are never used. */
export class OwnDestinations implements Destinations {
  readonly #usual: Destinations
  readonly #timeoutsFor: (cluster: string) => ConnectionTimeouts
  readonly #made = new Map<string, Destination>()

  constructor(usual: Destinations, timeoutsFor: (cluster: string) => ConnectionTimeouts) {
    this.#usual = usual
    this.#timeoutsFor = timeoutsFor
  }

  get(cluster: string): Destination | undefined {
    const made = this.#made.get(cluster)
    if (made !== undefined) return made
    const usual = this.#usual.get(cluster)
    if (usual === undefined) return undefined
    const own = withTimeouts(usual, this.#timeoutsFor(cluster))
    this.#made.set(cluster, own)
    return own
  }

  keys(): MapIterator<string> {
    return this.#usual.keys()
  }
}

/**
 * Where a client goes about which this was decided.
 *
 * @throws RangeError if there is no such cluster, and TypeError if the backend cannot be reached, or its TLS cannot begin
 */
export function destinationOf(
  { cluster, decision }: Choice,
  { destinations, withoutCluster }: Pick<Service, 'destinations' | 'withoutCluster'>,
  originations: Originations,
): Destination {
  const destination = cluster === undefined ? withoutCluster : destinations.get(cluster)
  if (destination === undefined) throw unknownCluster(cluster!, destinations)
  if (decision === undefined) return destination
  const { timeouts, backend } = decision
  const reached = backend === undefined ? destination : withBackend(destination, backend, originations)
  return withOwnTimeouts(reached, timeouts)
}

/** What a decision says of timeouts goes before all else. Undefined: it says nothing. */
export function withOwnTimeouts(destination: Destination, timeouts: OwnTimeouts | undefined): Destination {
  if (timeouts === undefined) return destination
  return withTimeouts(destination, connectionTimeouts(timeoutsOf(destination), timeouts))
}

/** The settings of a cluster for a backend that is none of its own. */
function withBackend(
  destination: Destination,
  { address, tls, startTls, sendProxy }: BackendParts,
  originations: Originations,
): Destination {
  const { via } = destination.cluster
  if (address.kind === 'unix' && via !== undefined)
    throw new TypeError(
      `route: backend: the forward proxy of the cluster (${via}) cannot reach a unix socket`,
    )
  const preamble = {
    ...destination.preamble,
    ...(sendProxy && { sendProxy }),
    ...(startTls && { startTls }),
    ...(tls && { origination: originations.of(tls) }),
  }
  return { ...destination, preamble, dialsBySni: false }
}

function unknownCluster(cluster: string, destinations: Destinations): RangeError {
  const suggestion = didYouMean(cluster, [...destinations.keys()])
  return new RangeError(`route: there is no cluster ${quote(cluster)}${suggestion}`)
}

function timeoutsOf({ connectMs, pipes, preamble }: Destination): ConnectionTimeouts {
  const { idleTimeoutMs, halfClosedTimeoutMs, maxLifetimeMs } = pipes.settings
  const { responseMs } = preamble
  return {
    connectMs,
    responseMs,
    idleMs: idleTimeoutMs,
    halfClosedMs: halfClosedTimeoutMs,
    lifetimeMs: maxLifetimeMs,
  }
}

export function pipeTimeouts({ idleMs, halfClosedMs, lifetimeMs }: ConnectionTimeouts): PipeTimeouts {
  return { idleTimeoutMs: idleMs, halfClosedTimeoutMs: halfClosedMs, maxLifetimeMs: lifetimeMs }
}

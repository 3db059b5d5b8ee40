/**
 * A generation: everything that follows from one config. It is prepared completely before any of it is used,
 * so a config that fails here changes nothing. It takes over what the config shares with earlier ones:
 * listening sockets, backends with their health and connections, certificates with their TLS sessions. A
 * connection keeps the generation in which it was accepted.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../../config/schema.js'
import type { ListenerConfig } from '../../config/schemas/listener-schema.js'
import { connectionTimeouts, type OwnTimeouts, timeoutsAt } from '../../config/timeouts.js'
import { LASTING_MS } from '../../connection/backend/lasting.js'
import { OwnDestinations } from '../../connection/destinations.js'
import {
  type ClusterNeeds,
  createListenerPolicy,
  type ListenerPolicy,
  needsOf,
} from '../../connection/listener-policy.js'
import type { Destination, Destinations, Service } from '../../connection/service.js'
import { ConfigLists } from '../../limits/lists/config-lists.js'
import { fileOfMap } from '../../limits/lists/needs.js'
import type { RefuseAs } from '../../limits/policy.js'
import { Listener } from '../../listener/listener.js'
import { announceCertificates, announceIpv6Only } from '../../observe/log/announcements.js'
import type { Log } from '../../observe/log/log.js'
import type { TicketKeys } from '../../tls/ticket-keys.js'
import { TlsTermination } from '../../tls/tls-termination.js'
import { planOfListener } from '../limit-plans.js'
import type { Limiting } from '../limiting.js'
import { createDestination, type DestinationParts } from './destination.js'
import { reusable } from './reusable.js'
import { createWithoutCluster, ownWithoutCluster, settingsWithoutCluster } from './without-cluster.js'

export interface Generation {
  readonly config: Config
  /** By the name of the cluster. */
  readonly destinations: ReadonlyMap<string, Destination>
  /** For clients that have a backend and no cluster. */
  readonly withoutCluster: Destination
  /** In the order of the config. */
  readonly services: ReadonlyMap<Listener, Service>
  /** Empty until they are loaded. That must be done before a client is accepted. */
  readonly lists: ConfigLists
  /** The shortest timeout of a connection, in ms. millrace looks at deadlines four times in it. */
  readonly shortestTimeoutMs: number
}

/** A generation that is ready to be used: its new listeners are open. */
export interface Prepared {
  /** Uses it. Throws `wrong-state` if the proxy was told to end meanwhile. */
  takeUp(): void
  /** Leaves everything as it is. */
  giveUp(): void
}

/** The parts that all generations share. */
export interface SharedParts extends DestinationParts {
  readonly tickets: TicketKeys
  readonly limiting: Pick<Limiting, 'shared' | 'bandwidth' | 'lists' | 'gateOf' | 'recount' | 'takeUp'>
}

export function createGeneration(
  config: Config,
  before: Generation | undefined,
  shared: SharedParts,
): Generation {
  const alike = reusable(before, config)
  const destinations = new Map(
    Object.keys(config.clusters).map((name) => [
      name,
      alike?.destinationOf(name) ?? createDestination(name, config, shared),
    ]),
  )
  const withoutCluster = createWithoutCluster(config, before, shared)
  const lists = new ConfigLists(config)
  const listeners = alike?.listeners ?? matchListeners(config.listeners, before)
  const services = new Map(
    config.listeners.map((each, index) => {
      const listener = listeners[index]!
      const known = before?.services.get(listener)
      const policy = alike?.keepsPolicies ? known?.policy : policyOf(each, config, lists, known, shared)
      const gate = shared.limiting.gateOf(each, config, lists)
      const limits = planOfListener(each, config)
      return [
        listener,
        createService(
          each,
          listener,
          { policy, gate, limits, withoutCluster: ownWithoutCluster(each, config, withoutCluster) },
          destinationsOf(each, config, destinations),
          config.limits?.refuseAs,
        ),
      ]
    }),
  )
  return { config, destinations, withoutCluster, services, lists, shortestTimeoutMs: shortestTimeout(config) }
}

/** Changes listeners and certificates to what `after` says. Nothing in here may fail. */
export function exchange(before: Generation, after: Generation, log: Log): void {
  after.withoutCluster.cluster.update(settingsWithoutCluster(after.config))
  if (before.config.listeners === after.config.listeners) return
  exchangeCertificates(before, after)
  const listeners = [...after.services.keys()]
  after.config.listeners.forEach((config, index) => {
    const listener = listeners[index]!
    // A change of one listener leaves the configs of all others, of which there may be thousands.
    if (listener.options !== config) updateListener(listener, config, log)
    if (listener.place.ipv6Only && !config.ipv6Only) announceIpv6Only(log, config.name)
  })
}

/** The file of a unix socket may belong to another user by now, and a capability may be gone, so this can fail. */
function updateListener(listener: Listener, config: ListenerConfig, log: Log): void {
  try {
    listener.update(config)
  } catch (err) {
    log.error({ listener: config.name, err }, 'the listener keeps some of the options that it had')
  }
}

/**
 * Certificates that stay are read again, new ones for the first time. Certificates that left are read no
 * more.
 */
function exchangeCertificates(before: Generation, after: Generation): void {
  const terminationsOf = ({ services }: Generation) =>
    new Set([...services.values()].flatMap(({ policy }) => policy?.termination ?? []))
  const were = terminationsOf(before)
  const are = terminationsOf(after)
  for (const termination of were) if (!are.has(termination)) termination.stop()
  for (const termination of are) {
    if (were.has(termination)) termination.readAgain()
    else termination.start()
  }
}

function createService(
  { name, tags, cluster, limits }: ListenerConfig,
  listener: Listener,
  parts: Pick<Service, 'policy' | 'gate' | 'limits' | 'withoutCluster'>,
  destinations: Destinations,
  refuseAs: RefuseAs = 'reset',
): Service {
  const destination = cluster === undefined ? undefined : destinations.get(cluster)
  return {
    listener,
    name,
    tags,
    ...parts,
    destination,
    destinations,
    refuseAs: limits?.refuseAs ?? refuseAs,
  }
}

/**
 * Keeps a listening socket if its address stays, whatever its name becomes. Port 0 means another port each
 * time.
 */
function matchListeners(configs: readonly ListenerConfig[], before: Generation | undefined): Listener[] {
  const free = new Set(before?.services.keys() ?? [])
  const take = (fits: (listener: Listener) => boolean): Listener | undefined => {
    for (const listener of free) {
      if (!fits(listener)) continue
      free.delete(listener)
      return listener
    }
    return undefined
  }
  const byName = configs.map(({ name, address }) =>
    take(({ options }) => options.name === name && isDeepStrictEqual(options.address, address)),
  )
  return configs.map((config, index) => {
    const { address } = config
    const isFixed = address.kind === 'unix' || address.port !== 0
    return (
      byName[index] ??
      (isFixed ? take(({ options }) => isDeepStrictEqual(options.address, address)) : undefined) ??
      new Listener(config)
    )
  })
}

function policyOf(
  listener: ListenerConfig,
  config: Config,
  lists: ConfigLists,
  before: Service | undefined,
  { log, tickets }: SharedParts,
): ListenerPolicy | undefined {
  const needs = (cluster: string): ClusterNeeds => needsOf(config.clusters[cluster]!)
  const known = before?.policy
  const termination =
    known?.termination !== undefined && isDeepStrictEqual(known.config.tls, listener.tls)
      ? known.termination
      : listener.tls && new TlsTermination(listener.tls, announceCertificates(log, listener.name), tickets)
  const { firstBytesMs = config.timeouts.firstBytesMs, routeMs = config.timeouts.routeMs } = listener.timeouts
  return createListenerPolicy(listener, { firstBytesMs, routeMs }, needs, termination, (map) => {
    const list = lists.get(fileOfMap(map))
    return { find: (name) => list.content.find(name) }
  })
}

/** Where clients of this listener may go. What a cluster says of its timeouts goes before what the listener says. */
function destinationsOf(
  { timeouts }: ListenerConfig,
  config: Config,
  destinations: Destinations,
): Destinations {
  if (timeoutsAt('decision').every((name) => timeouts[name] === undefined)) return destinations
  const { timeouts: common, clusters } = config
  return new OwnDestinations(destinations, (cluster) =>
    connectionTimeouts(common, timeouts, clusters[cluster]!.timeouts),
  )
}

function shortestTimeout({ timeouts, listeners, clusters }: Config): number {
  const levels: OwnTimeouts[] = [
    timeouts,
    ...[...listeners, ...Object.values(clusters)].map((own) => own.timeouts),
  ]
  const all = levels.flatMap(({ idleMs, halfClosedMs, lifetimeMs }) => [idleMs, halfClosedMs, lifetimeMs])
  return Math.min(LASTING_MS, ...all.filter((ms) => ms !== undefined && ms > 0).map(Number))
}

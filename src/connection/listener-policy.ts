/**
 * What a listener does with a client before its cluster is known, prepared once: who may send PROXY headers,
 * its certificates, its routes. A listener that does none of this has no policy, and its clients have no
 * delay.
 */
import type { PeerAddress } from '../address.js'
import { AddressSet } from '../address-set.js'
import type { ClusterConfig } from '../config/schema.js'
import type { ListenerConfig } from '../config/schemas/listener-schema.js'
import { Detection, type Spoken } from '../peek/speaks/protocols.js'
import { type NameLookup, RouteTable, type Rule, type RuleMap } from '../route/table.js'
import type { TlsTermination } from '../tls/tls-termination.js'
import type { OpeningTimes } from './decision/route-time.js'

export const TLS: Spoken = 'tls'

export interface ListenerPolicy extends OpeningTimes {
  readonly config: ListenerConfig
  readonly proxySenders: AddressSet
  /** Proxies that millrace believes when they name the client of a request. */
  readonly trustedProxies: AddressSet
  readonly routes: RouteTable
  readonly termination: TlsTermination | undefined
  /** Tells what clients speak. Undefined: no route asks for it. */
  readonly detection: Detection | undefined
  /** Something here depends on the ClientHello. */
  readonly looksAtHello: boolean
  /** The ClientHello is only a key of `balance: hash`: a client without one is welcome. */
  readonly mayLackHello: boolean
  /** Something here depends on the path of a request. With a `route` function that is always so. */
  readonly comparesPaths: boolean
  /** Some requests pass through. So no head is taken before its route is known. */
  readonly mayPass: boolean
}

export interface ClusterNeeds {
  /** Its backends are told something before the first byte of their client. */
  readonly isTold: boolean
  /** It chooses a backend by the server name that the client sends. */
  readonly isKeyedBySni: boolean
  /** It dials the server that the client's ClientHello names. */
  readonly dialsBySni: boolean
}

/** `lookupOf`: what the files of its maps say. Undefined if the listener needs no policy. */
export function createListenerPolicy(
  config: ListenerConfig,
  { firstBytesMs, routeMs }: OpeningTimes,
  needs: (cluster: string) => ClusterNeeds,
  termination: TlsTermination | undefined,
  lookupOf?: (map: RuleMap) => NameLookup,
): ListenerPolicy | undefined {
  if (joinsUnseen(config, needs)) return undefined
  const { tls, acceptProxy, protocol, startTls, routes, route, onNoSni, cluster } = config
  const dependsOnHello =
    tls !== undefined ||
    onNoSni !== undefined ||
    routes.some(({ sni, alpn, map }) => sni !== undefined || alpn !== undefined || map?.by === 'sni')
  const named = [cluster, ...routes.map((each) => each.cluster)].filter((name) => name !== undefined)
  const asked = routes.flatMap(({ speaks }) => speaks ?? [])
  const isKeyedByHello = protocol === 'tcp' && named.some((name) => needs(name).isKeyedBySni)
  const looksAtHello = dependsOnHello || isKeyedByHello
  return {
    config,
    firstBytesMs,
    routeMs,
    proxySenders: new AddressSet(acceptProxy?.from ?? []),
    trustedProxies: new AddressSet(config.clientFrom?.trusted ?? []),
    routes: new RouteTable(asked.length > 0 && dependsOnHello ? routes.map(forTlsOnly) : routes, lookupOf),
    termination,
    detection: asked.length === 0 ? undefined : new Detection([...asked, ...(looksAtHello ? [TLS] : [])]),
    looksAtHello,
    mayLackHello: isKeyedByHello && !dependsOnHello && startTls === undefined,
    comparesPaths: route !== undefined || routes.some(({ path }) => path !== undefined),
    mayPass: config.http === 'pass' || routes.some(({ http }) => http === 'pass'),
  }
}

/**
 * Where something depends on the ClientHello, a client without one gets a route only if the route names what the client
 * speaks. Otherwise `speaks` in one route would let clients in the clear into all others. A route that rejects is for all
 * clients: whom it keeps out must not get in by speaking something else.
 */
const forTlsOnly = (route: Rule): Rule =>
  isRejecting(route) ? route : { ...route, speaks: route.speaks ?? [TLS] }

const isRejecting = ({ cluster, map }: Rule): boolean => cluster === undefined && map === undefined

/** Whether clients are joined to the cluster without a look at them. */
export function joinsUnseen(config: ListenerConfig, needs: (cluster: string) => ClusterNeeds): boolean {
  const { acceptProxy, protocol, tls, startTls, cluster, routes, route, onNoSni } = config
  const looksAtNothing = tls === undefined && startTls === undefined && onNoSni === undefined
  const isPlain = acceptProxy === undefined && protocol === 'tcp' && looksAtNothing
  const hasOnePlace = routes.length === 0 && route === undefined && cluster !== undefined
  if (!isPlain || !hasOnePlace) return false
  const { isTold, isKeyedBySni, dialsBySni } = needs(cluster)
  return !isTold && !isKeyedBySni && !dialsBySni
}

/** Whether this peer may name another client: in a PROXY header or in a request. */
export function mayNameClients(
  { config, proxySenders, trustedProxies }: ListenerPolicy,
  peer: PeerAddress,
): boolean {
  if (peer === undefined || (config.acceptProxy === undefined && config.clientFrom === undefined))
    return false
  return proxySenders.has(peer) || trustedProxies.has(peer)
}

/** What a cluster needs before a client can be joined to it. */
export function needsOf({
  sendProxy,
  tls,
  hash,
  dial,
}: Pick<ClusterConfig, 'sendProxy' | 'tls' | 'hash' | 'dial'>): ClusterNeeds {
  return {
    isTold: sendProxy !== undefined || tls !== undefined,
    isKeyedBySni: hash?.key.from === 'sni',
    dialsBySni: dial?.server === 'sni',
  }
}

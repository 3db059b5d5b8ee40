/**
 * What a listener does with a client before its cluster is known, prepared once: who may send PROXY headers,
 * its certificates, its routes. A listener that does none of this has no policy, and its clients have no
 * delay.
 */
import { AddressSet } from '../address-set.js'
import type { ClusterConfig } from '../config/schema.js'
import type { ListenerConfig } from '../config/schemas/listener-schema.js'
import { RouteTable } from '../route/table.js'
import type { TlsTermination } from '../tls/tls-termination.js'

export interface ListenerPolicy {
  readonly config: ListenerConfig
  readonly firstBytesMs: number
  readonly proxySenders: AddressSet
  /** Proxies that millrace believes when they name the client of a request. */
  readonly trustedProxies: AddressSet
  readonly routes: RouteTable
  readonly termination: TlsTermination | undefined
  /** Something here depends on the ClientHello. */
  readonly looksAtHello: boolean
  /** Something here depends on the path of a request. With a `route` function that is always so. */
  readonly comparesPaths: boolean
}

/** Undefined if the listener needs no policy. */
export function createListenerPolicy(
  config: ListenerConfig,
  firstBytesMs: number,
  isTold: (cluster: string) => boolean,
  termination: TlsTermination | undefined,
): ListenerPolicy | undefined {
  if (joinsUnseen(config, isTold)) return undefined
  const { tls, acceptProxy, routes, route, onNoSni } = config
  return {
    config,
    firstBytesMs,
    proxySenders: new AddressSet(acceptProxy?.from ?? []),
    trustedProxies: new AddressSet(config.clientFrom?.trusted ?? []),
    routes: new RouteTable(routes),
    termination,
    looksAtHello:
      tls !== undefined ||
      onNoSni !== undefined ||
      routes.some(({ sni, alpn }) => sni !== undefined || alpn !== undefined),
    comparesPaths: route !== undefined || routes.some(({ path }) => path !== undefined),
  }
}

/** Whether clients are joined to the cluster without a look at them. `isTold`: backends are told first. */
export function joinsUnseen(config: ListenerConfig, isTold: (cluster: string) => boolean): boolean {
  const { acceptProxy, protocol, tls, startTls, cluster, routes, route, onNoSni } = config
  const looksAtNothing = tls === undefined && startTls === undefined && onNoSni === undefined
  const isPlain = acceptProxy === undefined && protocol === 'tcp' && looksAtNothing
  const hasOnePlace = routes.length === 0 && route === undefined && cluster !== undefined
  return isPlain && hasOnePlace && !isTold(cluster)
}

/** Whether the backends of a cluster are told something before the first byte of their client. */
export function isToldFirst({ sendProxy, tls }: Pick<ClusterConfig, 'sendProxy' | 'tls'>): boolean {
  return sendProxy !== undefined || tls !== undefined
}

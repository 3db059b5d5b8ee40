/**
 * Checks that need several values of a listener: clusters that must exist, and settings that have no effect
 * without another. Works on unchecked input, as `references.ts` does.
 */

import { checkSocketFile } from '../schemas/socket-file.js'
import { oneOf } from '../suggest.js'
import { quote } from '../wording.js'
import { checkPlaces } from './listener-places.js'
import { checkMaps, isBySni } from './map-references.js'
import { checkPass } from './pass-references.js'
import type { Finding, Path } from './path.js'
import { isMap, isOn, itemsOf, valueAt } from './unchecked.js'

/** The word that turns clients away, where the name of a cluster may stand. */
export const REJECT = 'reject'

const HTTP_ONLY = ['http', 'redirect', 'allowEncodedSlash', 'xForwarded', 'clientFrom', 'logQuery']
const HTTP_ONLY_IN_ROUTES = ['host', 'path', 'http']
const TLS_ONLY_IN_ROUTES = ['sni', 'alpn']

export function checkListener(listener: unknown, path: Path, clusters: unknown): Finding[] {
  if (!isMap(listener)) return []
  const routes = itemsOf(listener.routes)
  return [
    ...checkPlaces(listener, path),
    ...checkDestination(listener, path),
    ...checkProtocol(listener, path),
    ...checkHello(listener, routes, path),
    ...checkSocketFile(listener, path),
    ...checkPaths(listener, routes, path),
    ...checkPass(listener, routes, path),
    ...checkMaps(listener, path),
    ...['cluster', 'onNoSni', 'onBadHello'].flatMap((key) =>
      unknownCluster(listener[key], [...path, key], clusters, key !== 'cluster'),
    ),
    ...unknownCluster(
      valueAt(listener.onSilent, 'cluster'),
      [...path, 'onSilent', 'cluster'],
      clusters,
      false,
    ),
    ...routes.flatMap((route, index) => [
      ...checkRoute(route, [...path, 'routes', index]),
      ...unknownCluster(valueAt(route, 'cluster'), [...path, 'routes', index, 'cluster'], clusters, false),
    ]),
  ]
}

function checkDestination(listener: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  const { cluster, routes, route } = listener
  if (route !== undefined && routes !== undefined) {
    return [
      finding([...path, 'routes'], 'a listener cannot have both "routes" and a "route" function: remove one'),
    ]
  }
  const { redirect, tls } = listener
  if (redirect !== undefined && cluster !== undefined) {
    const message = 'cannot stand beside "cluster", which gets the same clients: remove one'
    return [finding([...path, 'redirect'], message)]
  }
  if (redirect !== undefined && tls !== undefined)
    return [
      finding(
        [...path, 'redirect'],
        'cannot stand beside "tls", because these clients use HTTPS: remove one',
      ),
    ]
  if ([cluster, routes, route, redirect].some((each) => each !== undefined)) return []
  return [finding([...path, 'cluster'], 'is missing: expected the name of a cluster, or routes')]
}

function checkProtocol(listener: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  if (listener.protocol === 'http') return []
  const message = 'works only with "protocol: http": add that to the listener, or remove this key'
  return [
    ...HTTP_ONLY.filter((key) => listener[key] !== undefined).map((key) =>
      finding([...path, key], message, 'key'),
    ),
    ...inRoutes(listener, HTTP_ONLY_IN_ROUTES, path, message),
  ]
}

/**
 * millrace reads a ClientHello only if something depends on it, and never if the client speaks plain HTTP.
 */
function checkHello(
  listener: Readonly<Record<string, unknown>>,
  routes: readonly unknown[],
  path: Path,
): Finding[] {
  if (listener.tls !== undefined) return []
  if (listener.protocol === 'http') {
    const message =
      'works only with "tls", because plain HTTP has no ClientHello: add "tls" to the listener, or remove this key'
    return [
      ...keysIn(listener, ['onNoSni', 'onBadHello']).map((key) => finding([...path, key], message, 'key')),
      ...inRoutes(listener, TLS_ONLY_IN_ROUTES, path, message),
    ]
  }
  const isLookedAt =
    listener.startTls !== undefined ||
    listener.onNoSni !== undefined ||
    routes.some((route) => keysIn(route, TLS_ONLY_IN_ROUTES).length > 0 || isBySni(route))
  if (isLookedAt || listener.onBadHello === undefined) return []
  return [
    finding(
      [...path, 'onBadHello'],
      'does nothing, because no route here needs the ClientHello: remove this key, or add "sni" to a route',
      'key',
    ),
  ]
}

function checkPaths(
  listener: Readonly<Record<string, unknown>>,
  routes: readonly unknown[],
  path: Path,
): Finding[] {
  const isLookedAt =
    listener.route !== undefined || routes.some((route) => keysIn(route, ['path']).length > 0)
  if (isLookedAt || listener.protocol !== 'http' || listener.allowEncodedSlash === undefined) return []
  return [
    finding(
      [...path, 'allowEncodedSlash'],
      'does nothing, because no route here has a "path": remove this key',
      'key',
    ),
  ]
}

function inRoutes(
  listener: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  path: Path,
  message: string,
): Finding[] {
  return itemsOf(listener.routes).flatMap((route, index) =>
    keysIn(route, keys).map((key) => finding([...path, 'routes', index, key], message, 'key')),
  )
}

function checkRoute(route: unknown, path: Path): Finding[] {
  if (!isMap(route)) return []
  const isRejecting = isOn(route.reject)
  if (isRejecting && route.cluster !== undefined && route.map === undefined) {
    return [finding(path, 'a route cannot have both "cluster" and "reject: true": remove one')]
  }
  if (isRejecting && route.http !== undefined) {
    return [finding([...path, 'http'], 'does nothing beside "reject: true": remove one of the two', 'key')]
  }
  if (isRejecting || route.cluster !== undefined || route.map !== undefined) return []
  return [
    finding([...path, 'cluster'], 'is missing: expected the name of a cluster, a "map", or "reject: true"'),
  ]
}

function unknownCluster(name: unknown, path: Path, clusters: unknown, mayReject: boolean): Finding[] {
  if (!isMap(clusters) || typeof name !== 'string' || Object.hasOwn(clusters, name)) return []
  if (mayReject && name === REJECT) return []
  const names = Object.keys(clusters)
  const advice = names.length === 0 ? ': "clusters" is empty' : oneOf(name, names)
  return [finding(path, `there is no cluster ${quote(name)}${advice}`)]
}

const keysIn = (value: unknown, keys: readonly string[]): string[] =>
  keys.filter((key) => valueAt(value, key) !== undefined)

function finding(path: Path, message: string, about: Finding['about'] = 'value'): Finding {
  return { path, message, about }
}

/**
 * What `startTls` needs and forbids elsewhere in a config. Works on unchecked input, as `references.ts` does.
 */

import { ALPN_POSTGRESQL } from '../../names.js'
import { expected } from '../wording.js'
import { REJECT } from './listener-references.js'
import type { Finding, Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'

const ROUTE_KEYS = ['user', 'database']

export function checkStartTls(input: unknown): Finding[] {
  const listeners = itemsOf(valueAt(input, 'listeners'))
  const clusters = valueAt(input, 'clusters')
  // A route function can talk about TLS with the client itself.
  const passesThrough = listeners.some(
    (listener) =>
      (valueAt(listener, 'startTls') !== undefined || typeof valueAt(listener, 'route') === 'function') &&
      valueAt(listener, 'tls') === undefined,
  )
  return [
    ...listeners.flatMap((listener, index) => checkListener(listener, ['listeners', index])),
    ...Object.keys(isMap(clusters) ? clusters : {}).flatMap((name) =>
      checkCluster(valueAt(clusters, name), ['clusters', name], passesThrough),
    ),
  ]
}

function checkListener(listener: unknown, path: Path): Finding[] {
  if (!isMap(listener)) return []
  if (listener.startTls === undefined) return routeKeys(listener, path)
  const findings = wrongAlpn(listener.tls, [...path, 'tls', 'alpn'])
  if (listener.protocol === 'http') {
    findings.push(
      finding(
        [...path, 'startTls'],
        'a listener cannot have both "startTls" and "protocol: http": remove one',
      ),
    )
  }
  if (listener.onBadHello !== undefined && listener.onBadHello !== REJECT) {
    const message = expected('"reject", because the listener has "startTls"', listener.onBadHello)
    findings.push(finding([...path, 'onBadHello'], message))
  }
  return findings
}

function checkCluster(cluster: unknown, path: Path, passesThrough: boolean): Finding[] {
  if (!isMap(cluster) || cluster.startTls === undefined) return []
  if (cluster.tls !== undefined) return wrongAlpn(cluster.tls, [...path, 'tls', 'alpn'])
  if (passesThrough) return []
  const message =
    'does nothing here: add "tls" to the cluster, or use it from a listener with "startTls" and without "tls"'
  return [finding([...path, 'startTls'], message)]
}

function routeKeys(listener: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  return itemsOf(listener.routes).flatMap((route, index) =>
    ROUTE_KEYS.filter((key) => valueAt(route, key) !== undefined).map((key): Finding => {
      const message = 'works only with "startTls: postgres": add that to the listener, or remove this key'
      return { path: [...path, 'routes', index, key], message, about: 'key' }
    }),
  )
}

/** If `alpn` names protocols, Postgres' own must be among them. Otherwise clients break off the handshake. */
function wrongAlpn(tls: unknown, path: Path): Finding[] {
  const alpn = valueAt(tls, 'alpn')
  const names = typeof alpn === 'string' ? [alpn] : itemsOf(alpn)
  if (names.length === 0 || names.includes(ALPN_POSTGRESQL)) return []
  return [
    finding(
      path,
      expected(
        `"${ALPN_POSTGRESQL}" among the protocols, because Postgres clients ask for it`,
        names.join(', '),
      ),
    ),
  ]
}

function finding(path: Path, message: string): Finding {
  return { path, message, about: 'value' }
}

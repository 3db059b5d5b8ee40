/**
 * What `routes[].speaks` and `onSilent` need and forbid elsewhere in a config, and routes that no client can match. Works on
 * unchecked input, as `references.ts` does.
 */

import { TIMEOUTS } from '../timeouts.js'
import { parseDuration } from '../units.js'
import { describe } from '../wording.js'
import { isBySni } from './map-references.js'
import type { Finding, Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'

type Values = Readonly<Record<string, unknown>>

const HELLO_KEYS = ['sni', 'alpn']
/** A route with one of these, and a route without it, match different clients, or one goes before the other. */
const OTHER_CONDITIONS = [...HELLO_KEYS, 'source', 'host', 'path', 'user', 'database', 'map']

export function checkSpeaks(input: unknown): Finding[] {
  return itemsOf(valueAt(input, 'listeners')).flatMap((listener, index) => {
    if (!isMap(listener)) return []
    const path = ['listeners', index]
    return [...checkRoutes(listener, path), ...checkSilent(listener, input, [...path, 'onSilent'])]
  })
}

function checkRoutes(listener: Values, path: Path): Finding[] {
  const routes = itemsOf(listener.routes)
  return routes.flatMap((route, index) => {
    const speaks = textsOf(valueAt(route, 'speaks'))
    if (speaks.length === 0) return []
    const own = [...path, 'routes', index]
    const wrong = whyNotHere(listener) ?? whyNobody(listener, index, speaks)
    const findings = wrong === undefined ? [] : [finding([...own, 'speaks'], wrong)]
    if (speaks.some((name) => name === 'tls' || name.startsWith('hex:'))) return findings
    const needless = HELLO_KEYS.filter((key) => valueAt(route, key) !== undefined)
    return [
      ...findings,
      ...needless.map((key) =>
        finding(
          [...own, key],
          `no client matches this route, because only TLS has "${key}": write "speaks: tls", or remove this key`,
        ),
      ),
    ]
  })
}

function checkSilent(listener: Values, input: unknown, path: Path): Finding[] {
  const { onSilent } = listener
  if (onSilent === undefined) return []
  const wrong = whyNotHere(listener) ?? whyNoWait(listener, input)
  if (wrong !== undefined) return [finding(path, wrong)]
  const [afterMs, firstBytesMs] = [
    durationOf(valueAt(onSilent, 'afterMs')),
    durationOf(firstBytesOf(listener) ?? firstBytesOf(input)) ?? TIMEOUTS.firstBytesMs.usualMs,
  ]
  if (afterMs === undefined || firstBytesMs === 0 || afterMs < firstBytesMs) return []
  const given = describe(valueAt(onSilent, 'afterMs'))
  return [
    {
      path: [...path, 'afterMs'],
      message: `expected less than "timeouts.firstBytesMs" (${firstBytesMs} ms), found ${given}: write a shorter time, or raise "firstBytesMs"`,
      about: 'value',
    },
  ]
}

const firstBytesOf = (owner: unknown): unknown => valueAt(valueAt(owner, 'timeouts'), 'firstBytesMs')

/** Clients that must speak first, in a protocol that is known, need not be told apart. */
function whyNotHere({ protocol, startTls }: Values): string | undefined {
  if (protocol === 'http')
    return 'works only with "protocol: tcp": give HTTP clients a listener of their own, or remove this key'
  if (startTls !== undefined)
    return 'a listener with "startTls" serves only Postgres clients: remove one of the two keys'
  return undefined
}

/** Nobody waits for bytes of a client that nothing depends on. A function would have to be asked about silent clients. */
function whyNoWait(listener: Values, input: unknown): string | undefined {
  if (listener.route !== undefined)
    return 'cannot stand beside a "route" function, which decides about every client: use "peek" there, or remove this key'
  const routes = itemsOf(listener.routes)
  const clusters = [listener, ...routes].map((each) =>
    valueAt(valueAt(input, 'clusters'), String(valueAt(each, 'cluster'))),
  )
  const waits =
    needsHello(listener) ||
    routes.some((route) => valueAt(route, 'speaks') !== undefined) ||
    clusters.some((cluster) => valueAt(valueAt(cluster, 'hash'), 'key') === 'sni')
  return waits
    ? undefined
    : 'does nothing, because millrace reads no byte of these clients: add "speaks" to a route, or remove this key'
}

/** The routes before it take all clients that this one is for. */
function whyNobody(listener: Values, index: number, speaks: readonly string[]): string | undefined {
  const routes = itemsOf(listener.routes)
  if (OTHER_CONDITIONS.some((key) => valueAt(routes[index], key) !== undefined)) return undefined
  const taken = new Set<string>()
  for (const [before, route] of routes.slice(0, index).entries()) {
    if (OTHER_CONDITIONS.some((key) => valueAt(route, key) !== undefined)) continue
    const names = textsOf(valueAt(route, 'speaks'))
    const isForAll = valueAt(route, 'reject') !== undefined || !needsHello(listener)
    const all = isForAll ? speaks : ['tls']
    for (const name of names.length === 0 ? all : names) taken.add(name)
    if (speaks.every((name) => isTaken(name, taken)))
      return `no client matches this route, because routes[${before}] takes them before: remove one of the two`
  }
  return undefined
}

/** Whoever begins with longer bytes begins with the shorter ones, too. */
function isTaken(name: string, taken: ReadonlySet<string>): boolean {
  return taken.has(name) || [...taken].some((other) => other.startsWith('hex:') && name.startsWith(other))
}

/** As in `listener-policy.ts`: a client without a ClientHello then gets only a route with `speaks`. */
function needsHello({ tls, onNoSni, routes }: Values): boolean {
  const isNamed = itemsOf(routes).some(
    (route) => isBySni(route) || HELLO_KEYS.some((key) => valueAt(route, key) !== undefined),
  )
  return tls !== undefined || onNoSni !== undefined || isNamed
}

function durationOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? parseDuration(value) : value
  return typeof ms === 'number' ? ms : undefined
}

function textsOf(value: unknown): readonly string[] {
  const texts = typeof value === 'string' ? [value] : itemsOf(value)
  return texts.filter((text) => typeof text === 'string').map((text) => text.toLowerCase())
}

const finding = (path: Path, message: string): Finding => ({ path, message, about: 'key' })

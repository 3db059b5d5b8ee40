/**
 * What takes several keys to judge of limits: keys that have no effect without another. Works on unchecked input, as
 * `references.ts` does.
 */
import { USUAL_SOURCES } from '../constants.js'
import { durationField, wholeNumberField } from '../schemas/fields.js'
import { limitField } from '../schemas/limit-fields.js'
import { FEWEST_SOURCES, MOST_SOURCES } from '../schemas/limits-schema.js'
import { TIMEOUTS } from '../timeouts.js'
import { expected } from '../wording.js'
import { scopesOf } from './limit-sizes.js'
import { hasOnlyUnix } from './listener-places.js'
import type { Finding, Path } from './path.js'
import { isMap, itemsOf, valueAt, valueWithin } from './unchecked.js'

/** Limits of a source that refuse clients. A bandwidth only slows them down. */
const REFUSING = ['maxConnections', 'newPerSecond', 'bytesPerDay']
const OF_A_SOURCE = [...REFUSING, 'bytesPerSecond']
/** A listener or a cluster is full when one of these is reached. */
export const FILLING = ['maxConnections', 'newPerSecond']
const OF_A_CONNECTION = ['bytesPerSecond', 'maxBytes']
const OF_A_BACKEND = ['maxConnections']
const DIRECTIONS = ['up', 'down']
/** Maps that limit nothing if they have none of these keys. */
const EMPTY: readonly (readonly [map: Path, keys: readonly string[]])[] = [
  [['perSource'], OF_A_SOURCE],
  [['perConnection'], OF_A_CONNECTION],
  [['perBackend'], OF_A_BACKEND],
  ...[[], ['perSource'], ['perConnection']].map((owner): [Path, readonly string[]] => [
    [...owner, 'bytesPerSecond'],
    DIRECTIONS,
  ]),
]
const LIMITING = [
  ...FILLING,
  'bytesPerSecond',
  'perSource',
  'perConnection',
  'perBackend',
  'allow',
  'deny',
  'ban',
]

export function checkLimits(input: unknown): Finding[] {
  return [
    ...scopesOf(input).flatMap((path) => checkScope(valueWithin(input, path), path)),
    ...itemsOf(valueAt(input, 'listeners')).flatMap((listener, index) =>
      checkListener(listener, ['listeners', index, 'limits']),
    ),
    ...checkBans(input),
    ...checkSources(input),
    ...checkEvictIdle(input),
  ]
}

function checkScope(limits: unknown, path: Path): Finding[] {
  const findings = EMPTY.flatMap(([map, keys]): Finding[] => {
    const value = valueWithin(limits, map)
    if (!isMap(value) || hasAny(value, keys)) return []
    const remedy = keys.length === 1 ? `add ${listed(keys)}` : `add one of ${listed(keys)}`
    return [aboutKey([...path, ...map], `limits nothing: ${remedy} to it, or remove this key`)]
  })
  if (valueAt(limits, 'dryRun') !== undefined && path.length > 1 && !hasAny(limits, LIMITING))
    findings.push(
      aboutKey([...path, 'dryRun'], 'does nothing, because no limit stands beside it: remove this key'),
    )
  return findings
}

function checkListener(listener: unknown, path: Path): Finding[] {
  const limits = valueAt(listener, 'limits')
  const isUnix = hasOnlyUnix(listener)
  const findings: Finding[] = []
  if (isUnix && !hasAny(listener, ['acceptProxy', 'clientFrom'])) {
    const message =
      'does nothing, because clients of a unix socket have no address: add "acceptProxy" or "clientFrom" to the listener, or remove this key'
    const idle = ['perSource', 'ban'].filter((key) => valueAt(limits, key) !== undefined)
    findings.push(...idle.map((key) => aboutKey([...path, key], message)))
  }
  if (valueAt(limits, 'whenFull') !== undefined && !hasAny(limits, FILLING))
    findings.push(aboutKey([...path, 'whenFull'], neverFull(FILLING)))
  return findings
}

/** A ban counts what any limit of a source and any route refuses. */
function checkBans(input: unknown): Finding[] {
  const isRefused = (path: Path): boolean => hasAny(valueWithin(input, [...path, 'perSource']), REFUSING)
  const rejects = (listener: unknown): boolean =>
    valueAt(listener, 'route') !== undefined ||
    itemsOf(valueAt(listener, 'routes')).some((route) => valueAt(route, 'reject') === true)
  if (scopesOf(input).some(isRefused) || itemsOf(valueAt(input, 'listeners')).some(rejects)) return []
  const message = `does nothing, because no source is ever refused: add "perSource" with one of ${listed(REFUSING)}, or remove this key`
  return scopesOf(input)
    .map((path) => [...path, 'ban'])
    .filter((path) => valueWithin(input, path) !== undefined)
    .map((path) => aboutKey(path, message))
}

/** Sources that have connections are never forgotten, so there must be room for one for each connection. */
function checkSources(input: unknown): Finding[] {
  const limits = valueAt(input, 'limits')
  const written = valueAt(limits, 'sources')
  const counting = scopesOf(input).filter(
    (path) => valueAt(valueWithin(input, path), 'perSource') !== undefined,
  )
  const path = ['limits', 'sources']
  if (counting.length === 0) {
    const message =
      'does nothing, because no listener, no cluster and not the proxy has "perSource": remove this key'
    return written === undefined ? [] : [aboutKey(path, message)]
  }
  const sources =
    written === undefined
      ? USUAL_SOURCES
      : wholeNumberField(FEWEST_SOURCES, MOST_SOURCES).safeParse(written).data
  const connections = limitField.safeParse(valueAt(limits, 'maxConnections')).data ?? 0
  if (sources === undefined || sources >= connections) return []
  const least = `at least ${connections}, because each of the "maxConnections" can come from another source`
  const message = expected(least, sources)
  return [{ path: written === undefined ? ['limits', 'maxConnections'] : path, message, about: 'value' }]
}

function checkEvictIdle(input: unknown): Finding[] {
  const after = durationField.safeParse(valueWithin(input, ['limits', 'evictIdle', 'afterMs'])).data
  const common = valueWithin(input, ['timeouts', 'idleMs']) ?? TIMEOUTS.idleMs.usualMs
  const idles = [common, ...ownIdles(input)].map((each) => durationField.safeParse(each).data)
  if (after === undefined || idles.some((idle) => idle === undefined || idle === 0 || after < idle)) return []
  const longest = Math.max(...idles.map(Number))
  const message = `${after}ms is never reached, because connections that idle end after timeouts.idleMs, which is at most ${longest}ms: write less`
  return [{ path: ['limits', 'evictIdle', 'afterMs'], message, about: 'value' }]
}

/** What listeners and clusters say of their own connections. */
function ownIdles(input: unknown): unknown[] {
  const clusters = valueAt(input, 'clusters')
  const owners = [...itemsOf(valueAt(input, 'listeners')), ...Object.values(isMap(clusters) ? clusters : {})]
  return owners.map((owner) => valueWithin(owner, ['timeouts', 'idleMs'])).filter((ms) => ms !== undefined)
}

export const neverFull = (filling: readonly string[]): string =>
  `does nothing without one of ${listed(filling)} beside it, because a source that has reached its own limit is always refused: add one, or remove this key`

export const hasAny = (map: unknown, keys: readonly string[]): boolean =>
  keys.some((key) => valueAt(map, key) !== undefined)

export const listed = (keys: readonly string[]): string => keys.map((key) => `"${key}"`).join(', ')

export const aboutKey = (path: Path, message: string): Finding => ({ path, message, about: 'key' })

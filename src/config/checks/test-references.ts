/**
 * Checks that need a test of the config and its listener: names that must exist, and keys that do nothing there. Works on
 * unchecked input, as `references.ts` does.
 */
import { formatAddress } from '../../address.js'
import { oneOf } from '../suggest.js'
import { quote } from '../wording.js'
import { listenPlaces } from './listener-places.js'
import type { Finding, Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'

interface Need {
  readonly keys: readonly string[]
  readonly isMet: (listener: unknown) => boolean
  readonly what: string
}

const NEEDS: readonly Need[] = [
  {
    keys: ['host', 'path', 'fields', 'websocket'],
    isMet: (listener) => valueAt(listener, 'protocol') === 'http',
    what: '"protocol: http"',
  },
  {
    keys: ['user', 'database'],
    isMet: (listener) => valueAt(listener, 'startTls') === 'postgres',
    what: '"startTls: postgres"',
  },
  {
    keys: ['proxyHeader'],
    isMet: (listener) => valueAt(listener, 'acceptProxy') !== undefined,
    what: '"acceptProxy"',
  },
  {
    keys: ['speaks'],
    isMet: (listener) => valueAt(listener, 'protocol') !== 'http',
    what: '"protocol: tcp"',
  },
]

export function checkTests(input: unknown): Finding[] {
  const listeners = new Map(
    itemsOf(valueAt(input, 'listeners')).flatMap((listener) =>
      namesOf(listener).map((name) => [name, listener] as const),
    ),
  )
  const isOne = itemsOf(valueAt(input, 'listeners')).length === 1
  const clusters = valueAt(input, 'clusters')
  return itemsOf(valueAt(input, 'tests')).flatMap((test, index) => {
    if (!isMap(test)) return []
    const path = ['tests', index]
    return [...checkListener(test, path, listeners, isOne), ...checkExpectation(test.expect, path, clusters)]
  })
}

function checkListener(
  test: Readonly<Record<string, unknown>>,
  path: Path,
  listeners: ReadonlyMap<string, unknown>,
  isOne: boolean,
): Finding[] {
  const name = test.listener
  const names = [...listeners.keys()]
  if (name === undefined && !isOne) {
    return [finding([...path, 'listener'], `is missing: expected the name of a listener${oneOf('', names)}`)]
  }
  if (name !== undefined && typeof name !== 'string') return []
  if (name !== undefined && !listeners.has(name))
    return [finding([...path, 'listener'], `there is no listener ${quote(name)}${oneOf(name, names)}`)]
  const listener = listeners.get(name ?? names[0]!)
  return NEEDS.filter(({ isMet }) => !isMet(listener)).flatMap(({ keys, what }) =>
    keys
      .filter((key) => test[key] !== undefined)
      .map((key) =>
        finding([...path, key], `works only with ${what} on the listener: remove this key`, 'key'),
      ),
  )
}

function checkExpectation(expect: unknown, path: Path, clusters: unknown): Finding[] {
  const name = valueAt(expect, 'cluster')
  if (typeof name !== 'string' || !isMap(clusters) || Object.hasOwn(clusters, name)) return []
  const message = `there is no cluster ${quote(name)}${oneOf(name, Object.keys(clusters))}`
  return [finding([...path, 'expect', 'cluster'], message)]
}

/** Names for the listener. Each of several addresses has a name of its own, and the name of the listener stands for the first one. */
function namesOf(listener: unknown): string[] {
  const name = valueAt(listener, 'name')
  const places = listenPlaces(listener, []).map(({ address }) => formatAddress(address))
  if (typeof name !== 'string') return places.slice(0, 1)
  return places.length > 1 ? [name, ...places.map((place) => `${name}@${place}`)] : [name]
}

const finding = (path: Path, message: string, about: Finding['about'] = 'value'): Finding => ({
  path,
  message,
  about,
})

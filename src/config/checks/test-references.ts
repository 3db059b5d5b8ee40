/**
 * Checks that need a test of the config and its listener: names that must exist, and keys that do nothing there. Works on
 * unchecked input, as `references.ts` does.
 */
import { formatAddress } from '../../address.js'
import { parseListenerAddress } from '../schemas/addresses.js'
import { oneOf } from '../suggest.js'
import { quote } from '../wording.js'
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
    itemsOf(valueAt(input, 'listeners')).map((listener) => [nameOf(listener), listener] as const),
  )
  const clusters = valueAt(input, 'clusters')
  return itemsOf(valueAt(input, 'tests')).flatMap((test, index) => {
    if (!isMap(test)) return []
    const path = ['tests', index]
    return [...checkListener(test, path, listeners), ...checkExpectation(test.expect, path, clusters)]
  })
}

function checkListener(
  test: Readonly<Record<string, unknown>>,
  path: Path,
  listeners: ReadonlyMap<string, unknown>,
): Finding[] {
  const name = test.listener
  const names = [...listeners.keys()]
  if (name === undefined && names.length !== 1) {
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

/** A listener without a name has its address as its name. */
function nameOf(listener: unknown): string {
  const [name, text] = [valueAt(listener, 'name'), valueAt(listener, 'address')]
  if (typeof name === 'string') return name
  const address = typeof text === 'string' ? parseListenerAddress(text) : ''
  return typeof address === 'string' ? '' : formatAddress(address)
}

const finding = (path: Path, message: string, about: Finding['about'] = 'value'): Finding => ({
  path,
  message,
  about,
})

/** Which listeners look at their clients before a cluster is chosen, and what they look at. */
import { expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { validateConfig } from '../../src/config/validate.js'
import { createListenerPolicy, joinsUnseen } from '../../src/connection/listener-policy.js'

const NEEDS_NOTHING = { isTold: false, isKeyedBySni: false, dialsBySni: false }

/** The config of a listener with one cluster for all its clients. `listener` changes its keys. */
function configOf(listener: Partial<ListenerInput>) {
  const { listeners } = validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'back', ...listener }],
    clusters: { back: { backends: ['127.0.0.1:2'] } },
  })
  return listeners[0]!
}

it('a listener with a cluster and nothing else does not look at its clients', () => {
  expect(joinsUnseen(configOf({}), () => NEEDS_NOTHING)).toBe(true)
  expect(
    createListenerPolicy(configOf({}), { firstBytesMs: 0, routeMs: 0 }, () => NEEDS_NOTHING, undefined),
  ).toBeUndefined()
})

it('a listener looks at its clients if their backends get a PROXY header or TLS first', () => {
  expect(
    joinsUnseen(configOf({}), (cluster) => ({
      isTold: cluster === 'back',
      isKeyedBySni: false,
      dialsBySni: false,
    })),
  ).toBe(false)
})

it.each<[string, Partial<ListenerInput>]>([
  ['accepts PROXY headers', { acceptProxy: { from: ['127.0.0.1'] } }],
  ['speaks HTTP', { protocol: 'http' }],
  ['speaks Postgres', { startTls: 'postgres' }],
  ['refuses clients without a server name', { onNoSni: 'reject' }],
  ['has a route', { routes: [{ source: ['127.0.0.1'], cluster: 'back' }] }],
  ['has a route function', { route: () => 'back', cluster: undefined }],
])('a listener that %s looks at its clients', (_, listener) => {
  expect(joinsUnseen(configOf(listener), () => NEEDS_NOTHING)).toBe(false)
})

it.each<[string, boolean, Partial<ListenerInput>]>([
  ['a route by server name', true, { routes: [{ sni: 'a.test', cluster: 'back' }] }],
  ['a route by ALPN alone', true, { routes: [{ alpn: 'h2', cluster: 'back' }] }],
  ['a rule for clients without a server name', true, { onNoSni: 'reject' }],
  ['a route by address', false, { routes: [{ source: ['127.0.0.1'], cluster: 'back' }] }],
])('a listener with %s looks at the ClientHello: %s', (_, looksAtHello, listener) => {
  expect(
    createListenerPolicy(configOf(listener), { firstBytesMs: 0, routeMs: 0 }, () => NEEDS_NOTHING, undefined),
  ).toMatchObject({
    looksAtHello,
  })
})

it.each<[string, boolean, Partial<ListenerInput>]>([
  ['a route by path', true, { routes: [{ path: '/a', cluster: 'back' }] }],
  ['a route function', true, { route: () => 'back', cluster: undefined }],
  ['a route by host', false, { routes: [{ host: 'a.test', cluster: 'back' }] }],
])('an HTTP listener with %s compares paths: %s', (_, comparesPaths, listener) => {
  const config = configOf({ protocol: 'http', ...listener })
  expect(
    createListenerPolicy(config, { firstBytesMs: 0, routeMs: 0 }, () => NEEDS_NOTHING, undefined),
  ).toMatchObject({ comparesPaths })
})

it('a listener looks at the ClientHello if a cluster hashes the server name, and serves clients without one', () => {
  const needs = () => ({ isTold: false, isKeyedBySni: true, dialsBySni: false })
  expect(joinsUnseen(configOf({}), needs)).toBe(false)
  const keyed = createListenerPolicy(configOf({}), { firstBytesMs: 0, routeMs: 0 }, needs, undefined)
  expect(keyed).toMatchObject({ looksAtHello: true, mayLackHello: true })
  const routed = configOf({ routes: [{ sni: 'a.test', cluster: 'back' }] })
  expect(createListenerPolicy(routed, { firstBytesMs: 0, routeMs: 0 }, needs, undefined)).toMatchObject({
    mayLackHello: false,
  })
})

it('only a listener that looks at the hello for the sake of the hash serves clients without one', () => {
  const needs = () => ({ isTold: false, isKeyedBySni: true, dialsBySni: false })
  const mayLackHello = (listener: Partial<ListenerInput>, what = needs) =>
    createListenerPolicy(configOf(listener), { firstBytesMs: 0, routeMs: 0 }, what, undefined)?.mayLackHello
  expect(mayLackHello({ startTls: 'postgres' })).toBe(false)
  expect(mayLackHello({ startTls: 'postgres' }, () => NEEDS_NOTHING)).toBe(false)
  expect(mayLackHello({ onNoSni: 'reject' })).toBe(false)
})

it.each<[string, boolean, Partial<ListenerInput>]>([
  ['the setting of the listener', true, { http: 'pass' }],
  ['the setting of a route', true, { routes: [{ host: 'a.test', cluster: 'back', http: 'pass' }] }],
  ['no setting', false, { http: 'forward' }],
])('requests of an HTTP listener may pass through by %s: %s', (_, mayPass, listener) => {
  const config = configOf({ protocol: 'http', ...listener })
  expect(
    createListenerPolicy(config, { firstBytesMs: 0, routeMs: 0 }, () => NEEDS_NOTHING, undefined),
  ).toMatchObject({ mayPass })
})

it('a listener tells its clients apart only if a route asks for it, and then looks at few bytes', () => {
  const mostBytes = (...routes: NonNullable<ListenerInput['routes']>) =>
    createListenerPolicy(
      configOf({ routes }),
      { firstBytesMs: 0, routeMs: 0 },
      () => NEEDS_NOTHING,
      undefined,
    )?.detection?.mostBytes
  expect(mostBytes({ sni: 'a.test', cluster: 'back' })).toBeUndefined()
  expect(mostBytes({ speaks: 'ssh', cluster: 'back' })).toBe(4)
  expect(mostBytes({ speaks: 'ssh', cluster: 'back' }, { sni: 'a.test', cluster: 'back' })).toBe(6)
})

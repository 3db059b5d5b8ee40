/** One value where the config takes a list, and keys of other proxies. */
import { expect, it } from 'vitest'
import { OUR_KEYS, ourKeyFor } from '../../src/config/foreign-keys.js'
import { KEY_SECTIONS } from '../../src/config/keys/sections.js'
import { LISTS, withLists } from '../../src/config/lists.js'
import { load, problemsOf } from './config-file.js'

const keys = Object.values(KEY_SECTIONS).flatMap(Object.keys)

it('one listener, one route, one backend and one certificate may stand without a list', () => {
  const text = `
listeners: { address: "127.0.0.1:1", cluster: web, routes: { sni: a.example, cluster: web }, limits: { deny: 10.0.0.0/8 } }
clusters: { web: { backends: "192.0.2.1:80" } }
names: { servers: 192.0.2.53 }
tests: { listener: "127.0.0.1:1", sni: a.example, expect: { cluster: web } }`
  const { listeners, clusters, names, tests } = load(text)
  expect(listeners).toMatchObject([{ routes: [{ sni: ['a.example'] }] }])
  expect(clusters.web!.backends).toHaveLength(1)
  expect(names.servers).toHaveLength(1)
  expect(tests).toHaveLength(1)
})

it('problems in such a value have the place of the value', () => {
  const text = `
listeners: { address: "127.0.0.1:1", cluster: web }
clusters: { web: { backends: { address: "192.0.2.1:80", wait: 5 } } }`
  expect(problemsOf(text)).toEqual([
    expect.stringMatching(/^3:57 clusters\.web\.backends\[0\]\.wait: unknown key/),
  ])
})

it('a problem in a list inside such a value has its own place, and a value that cannot be read is told once', () => {
  const text = `
listeners:
  - address: "127.0.0.1:1"
    routes: { sni: a.example,
      cluster: nowhere }
  - address: "127.0.0.1:2"
    cluster: web
    routes:
      - { sni: a.example, cluster: nowhere }
clusters: { web: { backends: "\${NOPE}" } }`
  expect(problemsOf(text)).toEqual([
    expect.stringMatching(/^5:16 listeners\[0\]\.routes\[0\]\.cluster: /),
    expect.stringMatching(/^9:36 listeners\[1\]\.routes\[0\]\.cluster: /),
    expect.stringMatching(/^10:30 clusters\.web\.backends: environment variable NOPE is not set/),
  ])
})

it('every list of maps in the reference of the config may be one map', () => {
  const lists = new Set(
    keys.flatMap((key) => (key.includes('[].') ? [key.slice(0, key.lastIndexOf('[].'))] : [])),
  )
  const known = LISTS.map((path) =>
    path.join('.').replaceAll('.*', '[]').replace('clusters[]', 'clusters.NAME'),
  )
  expect([...lists].filter((list) => !known.includes(list))).toEqual([])
})

it('a config without such values is not copied', () => {
  const input = {
    listeners: [{ address: 'a', routes: [] }],
    clusters: { web: { backends: ['b'] } },
    log: null,
  }
  expect(withLists(input)).toBe(input)
})

it('the keys of ours that stand for keys of other proxies exist', () => {
  const all = new Set(keys)
  const parents = keys.flatMap((key) => [
    key.replace(/(\[\])?\.[^.]*$/, ''),
    key.replace(/\..*$/, '').replace('[]', ''),
  ])
  expect(OUR_KEYS.filter((key) => !all.has(key) && !parents.includes(key))).toEqual([])
})

it.each([
  ['maxconn', 'limits.maxConnections'],
  ['send-proxy', 'clusters.NAME.sendProxy'],
  ['proxy_connect_timeout', 'timeouts.connectMs'],
  ['idleTimeoutMs', 'timeouts.idleMs'],
  ['constructor', undefined],
])('the key %s of another proxy or of pipe is %s here', (key, ours) => {
  expect(ourKeyFor(key)).toBe(ours)
})

it('an unknown key of another proxy is answered with ours, and one that is near with that', () => {
  const text = `
listeners: [{ address: "127.0.0.1:1", cluster: web, maxconn: 5, adress: x }]
clusters: { web: { backends: ["192.0.2.1:80"] } }
nbthread: 4`
  expect(problemsOf(text)).toEqual([
    '2:53 listeners[0].maxconn: unknown key: its name here is limits.maxConnections: use that key',
    '2:65 listeners[0].adress: unknown key; did you mean "address"?',
    '4:1 nbthread: unknown key: its name here is workers: use that key',
  ])
})

it('a key of HAProxy is answered with the key of ours that belongs into the same map', () => {
  const text = `
listeners: { address: "127.0.0.1:1", cluster: web, routes: { use_backend: web, path_beg: /a, req.ssl_sni: a }, timeouts: { client: 1 } }
clusters: { web: { backends: { address: "192.0.2.1:80", maxconn: 5, ssl: true } } }
timeouts: { server: 1 }
backends: 1
defaults: 1`
  const named = problemsOf(text).flatMap((problem) => /its name here is (.*): use/.exec(problem)?.[1] ?? [])
  expect(named.toSorted()).toEqual([
    'clusters',
    'clusters.NAME.backends[].maxConnections',
    'clusters.NAME.tls',
    'listeners[].routes[].cluster',
    'listeners[].routes[].path',
    'listeners[].routes[].sni',
    'timeouts',
    'timeouts.idleMs',
    'timeouts.idleMs',
  ])
})

it("HAProxy's mode of a listener gets one answer, which names protocol", () => {
  const text = `
listeners: { address: "127.0.0.1:1", cluster: web, mode: tcp }
clusters: { web: { backends: "192.0.2.1:80" } }`
  expect(problemsOf(text)).toEqual([expect.stringContaining('HAProxy\'s mode is "protocol": write protocol')])
})

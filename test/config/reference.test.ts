import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import { parseDuration, parseSize } from '../../src/config/units.js'
import { validateConfig } from '../../src/config/validate.js'
import { load } from './config-file.js'

const text = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8')

/** Default by key, as the table tells them. */
const defaults = new Map(
  [...text.matchAll(/^\| `([\w.[\]]+)` \|(?:[^|]*\|){2} ([^|]*) \|/gm)].map(([, key = '', value = '']) => [
    key,
    value,
  ]),
)

/** Not worth a row of their own: what is in them is told. */
const UNTOLD: ReadonlySet<string> = new Set(['timeouts', 'log'])

/** The keys of a value, written as in the table. */
function keysOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.slice(0, 1).flatMap((item) => keysOf(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) => {
    const own = path === '' ? key : `${path}.${key}`
    if (key === 'tags' || key === 'NAME') return key === 'NAME' ? keysOf(child, own) : [own]
    return UNTOLD.has(own) ? keysOf(child, own) : [...new Set([own, ...keysOf(child, own)])]
  })
}

const least = validateConfig({
  listeners: [{ address: '127.0.0.1:1', cluster: 'NAME' }],
  clusters: { NAME: { backends: ['127.0.0.1:2'] } },
})

/** Every key there is; the compiler sees to it that none is missing. */
type Every<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Every<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]-?: Every<Exclude<T[Key], undefined>> }
      : T

const keepalive = { idleMs: 1000, everyMs: 1000, count: 1 }
const liveness = { keepalive, timeouts: { deadPeerMs: 0 } }

const pair = { cert: 'PEM', key: 'PEM' }

const most: Every<ProxyConfig> = {
  splice: 'auto',
  workers: 1,
  workerHangMs: 0,
  kernelPipeBytes: 65_536,
  pinnedMemoryBytes: 1_048_576,
  listeners: [
    {
      name: 'front',
      address: '127.0.0.1:1',
      cluster: 'NAME',
      tags: {},
      acceptProxy: { from: ['unix'], required: true, logTlvs: [0xea], timeoutMs: 0 },
      protocol: 'http',
      tls: {
        ...pair,
        certificates: [pair],
        alpn: [],
        minVersion: 'TLSv1.2',
        clientCa: 'PEM',
        clientCert: 'require',
      },
      startTls: 'postgres',
      routes: [
        {
          sni: '*',
          alpn: 'h2',
          source: 'unix',
          host: '*',
          path: '/',
          user: 'app',
          database: 'orders',
          cluster: 'NAME',
          reject: true,
          http: 'reject',
        },
      ],
      route: () => undefined,
      onNoSni: 'reject',
      onBadHello: 'reject',
      http: 'reject',
      allowEncodedSlash: false,
      xForwarded: 'off',
      clientFrom: { field: 'x-forwarded-for', trusted: 'unix' },
      logQuery: false,
      ...liveness,
      mode: '0660',
      group: 'proxy',
    },
  ],
  clusters: {
    NAME: {
      balance: 'round-robin',
      backends: [{ address: '127.0.0.1:2', weight: 1 }],
      halfClose: 'close',
      sendProxy: { version: 'v2', tlvs: ['ssl'] },
      tls: { serverName: 'a.test', ca: 'PEM', verify: true, alpn: [], ...pair },
      ...liveness,
      startTls: 'postgres',
    },
  },
  timeouts: {
    firstBytesMs: 0,
    connectMs: 0,
    responseMs: 0,
    idleMs: 0,
    halfClosedMs: 0,
    lifetimeMs: 0,
    drainMs: 0,
    deadPeerMs: 0,
  },
  keepalive,
  log: {
    level: 'info',
    file: 'PATH',
    access: { sample: 1, always: ['errors'], minBytes: 0, minMs: 0, redact: ['client'] },
  },
  admin: { address: 'unix:/PATH', token: 'TOKEN', hosts: ['NAME'], readOnly: false },
}

describe('docs/config.md', () => {
  it('has an example that is a good config', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
    expect(Object.keys(load(example).clusters)).toEqual(['pg', 'cache'])
  })

  it('tells of every key and of no other', () => {
    expect([...defaults.keys()].sort()).toEqual([...new Set(keysOf(most))].sort())
  })

  it.each<[string, string | number | boolean]>([
    ['splice', least.splice],
    ['workers', least.workers],
    ['workerHangMs', least.workerHangMs],
    ['kernelPipeBytes', least.kernelPipeBytes],
    ['pinnedMemoryBytes', least.pinnedMemoryBytes],
    ['clusters.NAME.backends[].weight', 1],
    ['clusters.NAME.balance', 'round-robin'],
    ['clusters.NAME.halfClose', 'propagate'],
    ['log.level', least.log.level],
    ['log.access', true],
    ['log.access.sample', 1],
    ['log.access.minBytes', 0],
    ['log.access.minMs', 0],
    ['admin.readOnly', false],
    ['listeners[].protocol', 'tcp'],
    ['listeners[].onBadHello', 'reject'],
    ['listeners[].http', 'reject'],
    ['listeners[].allowEncodedSlash', false],
    ['listeners[].xForwarded', 'replace'],
    ['listeners[].clientFrom.field', 'x-forwarded-for'],
    ['listeners[].logQuery', false],
    ['listeners[].acceptProxy.required', true],
    ['listeners[].tls.minVersion', 'TLSv1.2'],
    ['listeners[].tls.clientCert', 'require'],
    ['clusters.NAME.tls.verify', true],
    ...Object.entries(least.keepalive).map(([key, value]): [string, number] => [`keepalive.${key}`, value]),
    ...Object.entries(least.timeouts).map(([key, ms]): [string, number] => [`timeouts.${key}`, ms]),
  ])('tells the true default of %s', (key, value) => {
    const told = /^`(.*)`$/.exec(defaults.get(key) ?? '')?.[1] ?? ''
    expect([told, parseDuration(told), parseSize(told)].map(String)).toContain(String(value))
  })
})

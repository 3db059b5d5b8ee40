/**
 * docs/config.md, the words of src/config/keys/ that its tables are made of, and the schema: they say the same of every key.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import type { KeyWords } from '../../src/config/keys/key-words.js'
import { KEY_SECTIONS } from '../../src/config/keys/sections.js'
import { formatPath } from '../../src/config/path.js'
import { parseDuration, parseSize } from '../../src/config/units.js'
import { judge, validateConfig } from '../../src/config/validate.js'
import { load } from './config-file.js'

const SCRIPT = new URL('../../scripts/docs/key-tables.mjs', import.meta.url)
const { withKeyTables } = await import(SCRIPT.href)

const text = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8')

/** The words of every key. */
const words: ReadonlyMap<string, KeyWords> = new Map(Object.values(KEY_SECTIONS).flatMap(Object.entries))

/** Maps without a row of their own: each key in them has one. */
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

/** Keys that take one number, a duration or a size. */
const numeric = leaves(most).filter(({ value, key }) => typeof value === 'number' && words.has(key))

interface Leaf {
  readonly key: string
  readonly path: readonly (string | number)[]
  readonly value: unknown
}

function leaves(value: unknown, key = '', path: readonly (string | number)[] = []): Leaf[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, `${key}[]`, [...path, index]))
  if (typeof value !== 'object' || value === null) return [{ key, path, value }]
  return Object.entries(value).flatMap(([name, child]) =>
    leaves(child, key === '' ? name : `${key}.${name}`, [...path, name]),
  )
}

/** Whether a config may have this value there, whatever else is wrong with it. */
function isAccepted(path: Leaf['path'], value: unknown): boolean {
  const config = structuredClone({ ...most, listeners: [{ ...most.listeners[0], route: undefined }] })
  const parent = path.slice(0, -1).reduce<object>((map, key) => Reflect.get(map, key), config)
  Reflect.set(parent, path.at(-1) ?? '', value)
  const verdict = judge(config, [])
  return 'config' in verdict || !verdict.findings.some((each) => formatPath(each.path) === formatPath(path))
}

/** A range such as `1s` to `24d`. */
const BOUNDS = /`([\w.]+)` to `([\w.]+)`/
const bounded = numeric.filter(({ key }) => BOUNDS.test(words.get(key)?.takes ?? ''))

/** In the unit of the schema. */
const numberOf = (text: string): number =>
  [Number(text), parseDuration(text), parseSize(text)].find((each) => typeof each === 'number' && each >= 0) as number

describe('docs/config.md', () => {
  it('has an example that is a good config', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
    expect(Object.keys(load(example).clusters)).toEqual(['pg', 'cache'])
  })

  it('has the tables that npm run docs makes of src/config/keys', () => {
    expect(withKeyTables(text, KEY_SECTIONS)).toEqual({ text, missing: [] })
  })

  it('has a row for every key of the schema and for no other', () => {
    expect([...words.keys()].sort()).toEqual([...new Set(keysOf(most))].sort())
  })

  it('has a place for every link into the page', () => {
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(/[^\w -]/g, '').replaceAll(' ', '-'),
    )
    const links = [...text.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor)
    expect(links.filter((link) => !anchors.includes(link ?? ''))).toEqual([])
  })

  it.each([...words])('says in plain cells what %s does, takes and is by default', (_, told) => {
    for (const cell of [told.does, told.takes, told.default]) expect(cell).not.toMatch(/^$|[|\n]|^as (above|below)/)
    expect(told.does.split(/[.:] /).filter((sentence) => sentence.split(' ').length > 24)).toEqual([])
  })

  it.each(numeric)('says truly whether $key can be 0', ({ key, path }) => {
    expect(words.get(key)?.zero).toMatch(isAccepted(path, 0) ? /^(?!an error)./ : /^an error/)
  })

  it.each(bounded)('tells the true range of $key', ({ key, path }) => {
    const { takes } = words.get(key) as KeyWords
    const [, least = '', highest = ''] = BOUNDS.exec(takes) ?? []
    const step = takes.startsWith('whole seconds') ? 1000 : 1
    expect([isAccepted(path, least), isAccepted(path, highest)]).toEqual([true, true])
    expect(isAccepted(path, numberOf(least) - step)).toBe(false)
    expect(isAccepted(path, numberOf(highest) + step)).toBe(false)
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
    const told = /^`(.*)`$/.exec(words.get(key)?.default ?? '')?.[1] ?? ''
    expect([told, parseDuration(told), parseSize(told)].map(String)).toContain(String(value))
  })
})

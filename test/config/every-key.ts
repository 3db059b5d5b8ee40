/**
 * A config that has every key, and the problems that it has with another value in one place.
 */

import { type Finding, formatPath } from '../../src/config/checks/path.js'
import type { ProxyConfig } from '../../src/config/input.js'
import { judge } from '../../src/config/validate.js'

/** Makes every key required, so the compiler reports a key that `most` lacks. */
type Every<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Every<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]-?: Every<Exclude<T[Key], undefined>> }
      : T

const keepalive = { idleMs: 1000, everyMs: 1000, count: 1 }
const ofCluster = { connectMs: 0, responseMs: 0, idleMs: 0, halfClosedMs: 0, lifetimeMs: 0, deadPeerMs: 0 }
const ofAll = { dscp: 0, mark: 1, congestion: 'cubic' }
const ofListener = { ...ofCluster, firstBytesMs: 0, routeMs: 0 }

const newPerSecond = { rate: 1, burst: 1 }
const bytesPerSecond = { up: 0, down: 0 }
const limits = {
  maxConnections: 1,
  newPerSecond,
  bytesPerSecond,
  perSource: { prefix4: 32, prefix6: 64, maxConnections: 1, newPerSecond, bytesPerSecond, bytesPerDay: 0 },
  perConnection: { bytesPerSecond, maxBytes: 0 },
  whenFull: 'wait',
  refuseAs: 'reset',
  dryRun: false,
} as const
const access = {
  allow: [{ file: 'PATH' }],
  deny: [{ file: 'PATH' }],
  ban: { after: 1, withinMs: 1, forMs: 1 },
}

const pair = { cert: 'PEM', key: 'PEM' }

export const most: Every<ProxyConfig> = {
  splice: 'auto',
  workers: 1,
  workerHangMs: 0,
  upgradeMs: '30s',
  state: 'PATH',
  handOver: { afterMs: 1000 },
  include: 'PATH',
  kernelPipeBytes: 65_536,
  pinnedMemoryBytes: 1_048_576,
  listeners: [
    {
      name: 'front',
      address: '127.0.0.1:1',
      addresses: ['127.0.0.1:1'],
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
          speaks: 'tls',
          sni: '*',
          alpn: 'h2',
          source: 'unix',
          host: '*',
          path: '/',
          user: 'app',
          database: 'orders',
          map: { file: 'tenants.txt', by: 'sni' },
          cluster: 'NAME',
          reject: true,
          http: 'reject',
        },
      ],
      route: () => undefined,
      onNoSni: 'reject',
      onBadHello: 'reject',
      onSilent: { afterMs: 1, cluster: 'NAME' },
      http: 'reject',
      redirect: { to: 'https', port: 443, status: 301 },
      allowEncodedSlash: false,
      xForwarded: 'off',
      clientFrom: { field: 'x-forwarded-for', trusted: 'unix' },
      logQuery: false,
      limits: { ...limits, ...access },
      keepalive,
      timeouts: ofListener,
      socket: { ...ofAll, backlog: 1, interface: 'lo', transparent: false },
      mode: '0660',
      group: 'proxy',
    },
  ],
  clusters: {
    NAME: {
      balance: 'hash',
      hash: { key: 'source', table: 'rendezvous', boundedLoad: 0 },
      slowStartMs: 0,
      health: {
        check: {
          http: { method: 'GET', path: '/', host: 'a.test', status: 200 },
          script: [{ send: 'PING', expect: '+PONG', at: 0 }],
          port: 1,
          tls: { serverName: 'a.test', ca: 'PEM', verify: true, alpn: [], ...pair },
          sendProxy: 'off',
          everyMs: 1,
          fastMs: 1,
          downMs: 1,
          timeoutMs: 1,
          rise: 1,
          fall: 1,
          jitterPercent: 0,
          init: 'up',
        },
        agent: { port: 1, send: 'up?', everyMs: 1, timeoutMs: 1 },
        answerMs: 0,
        eject: { failures: 5, forMs: 1, maxForMs: 1, maxPercent: 0 },
        flapping: { changes: 4, withinMs: 1, maxForMs: 1 },
        onDown: 'keep',
        onRecovered: 'keep',
        failback: 'auto',
        whenAllDown: 'wait',
      },
      backends: [
        {
          address: 'db:2',
          expand: 'all',
          weight: 1,
          tier: 0,
          backup: false,
          maxConnections: 1,
          srv: '_pg._tcp.db',
        },
      ],
      dial: { server: 'host', allow: [{ name: 'a.test', networks: ['10.0.0.0/8'] }], ports: [80] },
      via: {
        socks5: '127.0.0.1:3',
        http: '127.0.0.1:3',
        user: 'app',
        password: 'PASSWORD',
        passwordFile: 'PATH',
      },
      halfClose: 'close',
      sendProxy: { version: 'v2', tlvs: ['ssl'] },
      tls: { serverName: 'a.test', ca: 'PEM', verify: true, alpn: [], ...pair },
      keepalive,
      timeouts: ofCluster,
      socket: { ...ofAll, interface: 'lo', source: '127.0.0.1', sourcePorts: '20000-40000' },
      startTls: 'postgres',
      limits: { ...limits, perBackend: { maxConnections: 1 }, queueMs: 0, queueLength: 0 },
    },
  },
  names: {
    servers: ['192.0.2.53'],
    timeoutMs: 1,
    tries: 1,
    minTtlMs: 1,
    maxTtlMs: 2_073_600_000,
    jitterPercent: 0,
    emptyAnswers: 1,
    emptyForMs: 0,
  },
  limits: { ...limits, ...access, sources: 1000, evictIdle: { afterMs: 1000 } },
  timeouts: { ...ofListener, drainMs: 0, graceMs: 0 },
  keepalive,
  socket: { ...ofAll, backlog: 1 },
  log: {
    level: 'info',
    file: 'PATH',
    format: 'json',
    syslog: { address: 'udp://127.0.0.1:514', facility: 'local0', maxBytes: 480 },
    access: {
      sample: 1,
      always: ['errors'],
      minBytes: 0,
      minMs: 0,
      atOpen: true,
      everyMs: 1000,
      redact: ['client'],
    },
    explain: true,
  },
  admin: { address: 'unix:/PATH', role: 'operate', token: 'TOKEN', hosts: ['NAME'], readOnly: false },
  tests: [
    {
      listener: 'front',
      from: '192.0.2.1',
      proxyHeader: '192.0.2.2',
      tls: true,
      sni: 'a.test',
      alpn: 'h2',
      speaks: 'http',
      host: 'a.test',
      path: '/',
      fields: {},
      websocket: true,
      user: 'app',
      database: 'orders',
      nth: 1,
      expect: { cluster: 'NAME', rejected: 'no-route' },
    },
  ],
}

/** A value of a config, and its key as docs/config.md writes it. */
export interface Leaf {
  readonly key: string
  readonly path: readonly (string | number)[]
  readonly value: unknown
}

export function leavesOf(value: unknown, key = '', path: readonly (string | number)[] = []): Leaf[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => leavesOf(item, `${key}[]`, [...path, index]))
  if (typeof value !== 'object' || value === null) return [{ key, path, value }]
  return Object.entries(value).flatMap(([name, child]) =>
    leavesOf(child, key === '' ? name : `${key}.${name}`, [...path, name]),
  )
}

/** The problems of this value at this place, without problems elsewhere in the config. */
export function findingsAt(path: Leaf['path'], value: unknown): readonly Finding[] {
  const config = structuredClone({ ...most, listeners: [{ ...most.listeners[0], route: undefined }] })
  const parent = path.slice(0, -1).reduce<object>((map, key) => Reflect.get(map, key), config)
  Reflect.set(parent, path.at(-1) ?? '', value)
  const verdict = judge(config, [])
  return 'config' in verdict
    ? []
    : verdict.findings.filter((each) => formatPath(each.path) === formatPath(path))
}

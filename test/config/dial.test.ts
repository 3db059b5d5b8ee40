/** How a config says which servers clients may ask for, and what is said of what does not go together. */
import { describe, expect, it } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import { problemsIn } from './config-file.js'

const configOf = (cluster: object, listener: object = {}) =>
  validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'out', ...listener }],
    clusters: { out: cluster, web: { backends: ['127.0.0.1:2'] } },
  })

const dialOf = (dial: object, cluster: object = {}, listener: object = {}) =>
  configOf({ dial: { server: 'sni', allow: ['a.test'], ...dial }, ...cluster }, listener).clusters.out!

const problemsOf = (dial: object | undefined, cluster: object = {}, listener: object = {}): string[] =>
  problemsIn(() =>
    configOf({ ...(dial && { dial: { server: 'sni', allow: ['a.test'], ...dial } }), ...cluster }, listener),
  )

const http = { protocol: 'http' }
const HOST = { server: 'host' }

describe('dial of a cluster', () => {
  it('makes a backend of each name and port', () => {
    const allow = ['*.A.test', { name: 'Intranet.test.', networks: '10.0.0.0/8' }, '::FFFF:192.0.2.1', '*']
    const cluster = dialOf({ ...HOST, allow, ports: [80, '8080', 80] }, {}, http)
    expect(cluster.dial).toEqual({
      server: 'host',
      allow: [
        { name: '*.a.test', networks: [] },
        { name: 'intranet.test', networks: ['10.0.0.0/8'] },
        { name: '192.0.2.1', networks: [] },
        { name: '*', networks: [] },
      ],
      ports: [80, 8080],
      defaultPort: 80,
      hasTls: false,
      ownListeners: [{ kind: 'tcp', host: '127.0.0.1', port: 1 }],
    })
    expect(cluster.backends).toHaveLength(8)
    expect(cluster.backends[1]).toEqual({
      address: { kind: 'tcp', host: '*.a.test', port: 8080 },
      weight: 1,
      tier: 0,
      maxConnections: 0,
    })
    expect(cluster.health).toMatchObject({ eject: false, flapping: false })
  })

  it.each<[object, object, object, number[], number]>([
    [{}, {}, {}, [443], 443],
    [{ ports: 8443 }, {}, {}, [8443], 8443],
    [HOST, {}, http, [80], 80],
    [HOST, { tls: {} }, http, [443], 443],
    [{ ...HOST, ports: [8080] }, {}, http, [8080], 80],
  ])('%j beside %j and %j may dial the ports %j, and %d for clients that name none', (...row) => {
    const [dial, cluster, listener, ports, defaultPort] = row
    const hasTls = Object.hasOwn(cluster, 'tls')
    expect(dialOf(dial, cluster, listener).dial).toMatchObject({ ports, defaultPort, hasTls })
  })

  it('knows where millrace itself listens', () => {
    const { clusters } = validateConfig({
      listeners: [
        { name: 'a', address: '0.0.0.0:443', cluster: 'out' },
        { name: 'b', address: '127.0.0.1:0', cluster: 'out' },
        { name: 'c', address: 'unix:/c', cluster: 'out' },
      ],
      clusters: { out: { dial: { server: 'sni', allow: '*' } } },
      admin: { address: '[::1]:9901', token: 'a-token-of-a-test' },
    })
    expect(clusters.out!.dial!.ownListeners).toEqual([
      { kind: 'tcp', host: '0.0.0.0', port: 443 },
      { kind: 'tcp', host: '::1', port: 9901 },
    ])
  })

  it('takes one text for one name', () => {
    expect(dialOf({ allow: '**.a.test' }).dial!.allow).toEqual([{ name: '**.a.test', networks: [] }])
  })
})

describe('a dial that cannot be used', () => {
  it.each<[object, string]>([
    [{ server: 'ip' }, 'dial.server: expected one of "sni", "host", found "ip"'],
    [{ server: undefined }, 'dial.server: is missing: expected one of "sni", "host"'],
    [{ allow: undefined }, 'dial.allow: is missing: expected a list of names that clients may ask for'],
    [{ allow: [] }, 'dial.allow: expected a list of names that clients may ask for, found an empty list'],
    [{ allow: ['a.*'] }, 'dial.allow[0]: "a.*": a "*" stands for the whole first label'],
    [{ allow: ['https://a.test/'] }, 'write "a.test", without scheme, port and path'],
    [{ allow: ['bücher.test'] }, 'write "xn--bcher-kva.test", which is its form in ASCII'],
    [{ allow: [7] }, 'dial.allow[0]: expected a name, or a map: { name, networks }, found 7'],
    [{ allow: ['192.0.2.1'] }, 'clients send no IP address as a server name: write a host name'],
    [{ allow: ['1.2.3'] }, 'this is neither a host name nor an IPv4 address'],
    [{ allow: ['a.test', 'A.test.'] }, 'dial.allow[1]: "a.test" is already in this list: remove one'],
    [{ allow: [{ name: '*', networks: '10.0.0.0/8' }] }, 'lets every name lead into these networks: write'],
    [{ allow: [{ name: 'a.test', networks: 'unix' }] }, 'a server has an IP address: write a network'],
    [{ allow: [{ name: 'a.test', networks: '10/8' }] }, 'expected addresses such as 10.0.0.0/8'],
    [{ allow: [{ name: 'a.test', network: '10.0.0.0/8' }] }, 'unknown key; did you mean "networks"?'],
    [{ allow: ['0x7f.1'] }, '"0x7f.1": a name that ends in a number is refused'],
    [{ allow: ['*.A.0X7F.'] }, '"*.A.0X7F.": a name that ends in a number is refused'],
    [{ allow: ['10.0.0.0/8'] }, '"10.0.0.0/8": clients ask for one address, not for a network: write each'],
    [{ allow: ['fd00::/8'] }, '"fd00::/8": clients ask for one address, not for a network: write each'],
    [{ ports: [443, 8443] }, 'dial.ports: a ClientHello names no port, so "server: sni" takes one'],
    [{ ports: 0 }, 'expected a whole number from 1 to 65535, found 0'],
    [{ ports: [] }, 'dial.ports: expected a port, or a list of ports, found an empty list'],
  ])('%j is an error', (dial, problem) => {
    expect(problemsOf(dial).join('\n')).toContain(problem)
    expect(problemsOf(dial)).toHaveLength(1)
  })

  it('an address with a zone is an error', () => {
    expect(problemsOf({ ...HOST, allow: ['fe80::1%eth0'] }, {}, http)).toEqual([
      'clusters.out.dial.allow[0]: "fe80::1%eth0": a zone means something on one machine only: write the address without it',
    ])
  })

  it('an address that is in the list in another spelling, or has networks, is an error', () => {
    const allow = ['10.0.0.1', { name: '::ffff:10.0.0.1' }, { name: 'fd00::1', networks: 'fd00::/8' }]
    expect(problemsOf({ ...HOST, allow }, {}, http)).toEqual([
      'clusters.out.dial.allow[1]: "10.0.0.1" is already in this list: remove one',
      'clusters.out.dial.allow[2].networks: an IP address needs no networks, because millrace dials this very address: remove this key',
    ])
  })

  it.each([
    ['backends', ['127.0.0.1:2']],
    ['balance', 'random'],
    ['slowStartMs', '1s'],
    ['health', { eject: false }],
  ])('%s beside it is an error', (key, value) => {
    expect(problemsOf({}, { [key]: value })).toEqual([
      `clusters.out.${key}: cannot stand beside "dial", because the client chooses the server: remove one of the two keys`,
    ])
  })

  it('startTls beside it is an error, in the cluster and in a listener that leads to it', () => {
    const problems = problemsOf({}, { startTls: 'postgres', tls: {} }, { startTls: 'postgres' })
    expect(problems).toEqual([
      'clusters.out.startTls: cannot stand beside "dial": remove this key, and give Postgres a cluster with backends',
      'listeners[0].startTls: a listener with "startTls" cannot send clients to a cluster with "dial": remove one of the two',
    ])
  })

  it('a cluster with neither dial nor backends is an error', () => {
    expect(problemsOf(undefined)).toEqual([
      'clusters.out.backends: is missing: expected a list of backends, or "dial"',
    ])
  })
})

describe('a listener in front of a cluster with dial', () => {
  const routes = (...conditions: object[]) => ({
    cluster: 'web',
    routes: conditions.map((each) => ({ cluster: 'out', ...each })),
  })

  it.each<[object, object, string]>([
    [HOST, {}, 'clusters.out.dial.server: "host" is never known at listeners[0]: add "protocol: http", or'],
    [
      {},
      http,
      'clusters.out.dial.server: "sni" is never known at listeners[0]: add "tls", because plain HTTP',
    ],
    [
      {},
      { ...routes({ sni: '*' }), onNoSni: 'out' },
      'listeners[0].onNoSni: clients that get here name no server',
    ],
    [{}, { ...routes({ sni: '*' }), onBadHello: 'out' }, 'listeners[0].onBadHello: clients that get here'],
    [
      {},
      { ...routes({ speaks: 'tls' }), onSilent: { afterMs: 1, cluster: 'out' } },
      'listeners[0].onSilent.cluster: clients that get here',
    ],
    [{}, routes({ speaks: ['ssh', 'http'] }), 'listeners[0].routes[0].cluster: clients that get here'],
  ])('%j behind %j is an error', (dial, listener, problem) => {
    const problems = problemsOf(dial, {}, listener)
    expect(problems.join('\n')).toContain(problem)
    expect(problems).toHaveLength(1)
  })

  it.each<[object, object]>([
    [{}, {}],
    [{}, { onNoSni: 'web' }],
    [{}, { onNoSni: 'reject' }],
    [{}, { ...routes({ sni: '*.test' }), onBadHello: 'web' }],
    [{}, routes({ speaks: ['ssh', 'tls'] }, { speaks: 'hex:1603' }, { source: '10.0.0.0/8' })],
    [HOST, http],
    [HOST, { ...http, http: 'pass' }],
    [HOST, { ...http, ...routes({ host: '*.test', http: 'forward' }) }],
    [{}, { cluster: undefined, route: () => 'out' }],
    [HOST, { cluster: undefined, route: () => 'out' }],
  ])('%j behind %j is fine', (dial, listener) => {
    expect(problemsOf(dial, {}, listener)).toEqual([])
  })
})

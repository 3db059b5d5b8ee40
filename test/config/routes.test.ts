/** Which keys of a listener go together, and what the errors say of those that do not. */
import { describe, expect, it } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import { problemsIn } from './config-file.js'

const pair = { cert: '/nowhere/cert.pem', key: '/nowhere/key.pem' }

const problemsOf = (listener: object, cluster: object = {}, name = 'web'): string[] =>
  problemsIn(() =>
    validateConfig({
      listeners: [{ name: 'front', address: '127.0.0.1:1', ...listener }],
      clusters: { [name]: { backends: ['127.0.0.1:2'], ...cluster } },
    }),
  )

describe('a listener', () => {
  it.each<[string, object]>([
    ['with a cluster', { cluster: 'web' }],
    ['with routes only', { routes: [{ sni: 'a.test', cluster: 'web' }] }],
    ['with a route function', { route: () => 'web' }],
    ['with a route that rejects', { routes: [{ source: '10.0.0.0/8', reject: true }], cluster: 'web' }],
    [
      'for HTTP',
      {
        protocol: 'http',
        routes: [{ host: ['a.test', '*.b.test'], path: '/', cluster: 'web', http: 'forward' }],
      },
    ],
    ['with onNoSni and onBadHello', { cluster: 'web', onNoSni: 'reject', onBadHello: 'web' }],
    [
      'with acceptProxy',
      { cluster: 'web', acceptProxy: { from: ['10.0.0.0/8', '::1', 'unix'], timeoutMs: '1s' } },
    ],
  ])('a listener %s is accepted', (_, listener) => {
    expect(problemsOf(listener)).toEqual([])
  })

  it.each<[string, object, string[]]>([
    [
      'neither a cluster nor routes',
      {},
      ['listeners[0].cluster: is missing: expected the name of a cluster, or routes'],
    ],
    [
      'unknown clusters',
      { cluster: 'wed', onNoSni: 'rejct', onBadHello: 'x', routes: [{ sni: 'a.test', cluster: 'webb' }] },
      [
        'listeners[0].cluster: there is no cluster "wed"; did you mean "web"?',
        'listeners[0].onNoSni: there is no cluster "rejct"',
        'listeners[0].onBadHello: there is no cluster "x"',
        'listeners[0].routes[0].cluster: there is no cluster "webb"; did you mean "web"?',
      ],
    ],
    [
      'both routes and a route function',
      { route: () => 'web', routes: [{ cluster: 'web' }] },
      ['listeners[0].routes: a listener cannot have both "routes" and a "route" function: remove one'],
    ],
    [
      'keys of HTTP, but without HTTP',
      { cluster: 'web', xForwarded: 'off', routes: [{ host: 'a.test', path: '/', cluster: 'web' }] },
      [
        'listeners[0].xForwarded: works only with "protocol: http": add that to the listener, or remove this key',
        'listeners[0].routes[0].host: works only with "protocol: http": add that to the listener, or remove this key',
        'listeners[0].routes[0].path: works only with "protocol: http": add that to the listener, or remove this key',
      ],
    ],
    [
      'server names in plain HTTP',
      { protocol: 'http', onNoSni: 'reject', routes: [{ sni: 'a.test', cluster: 'web' }] },
      [
        'listeners[0].onNoSni: works only with "tls", because plain HTTP has no ClientHello: add "tls" to the listener, or remove this key',
        'listeners[0].routes[0].sni: works only with "tls", because plain HTTP has no ClientHello: add "tls" to the listener, or remove this key',
      ],
    ],
    [
      'onBadHello, but no route that needs the ClientHello',
      { cluster: 'web', onBadHello: 'reject' },
      [
        'listeners[0].onBadHello: does nothing, because no route here needs the ClientHello: remove this key, or add "sni" to a route',
      ],
    ],
    [
      'a route without cluster and reject, and a route with both',
      { routes: [{ source: '::1' }, { cluster: 'web', reject: true }] },
      [
        'listeners[0].routes[0].cluster: is missing: expected the name of a cluster, a "map", or "reject: true"',
        'listeners[0].routes[1]: a route cannot have both "cluster" and "reject: true": remove one',
      ],
    ],
    [
      'a route that rejects, and says what becomes of requests',
      { protocol: 'http', routes: [{ host: 'a.test', reject: true, http: 'forward' }] },
      ['listeners[0].routes[0].http: does nothing beside "reject: true": remove one of the two'],
    ],
    [
      'invalid names, addresses and paths',
      {
        protocol: 'http',
        routes: [{ host: ['a b', '*x.test'], source: '10.0.0.0/99', path: 'chat', cluster: 'web' }],
      },
      [
        'listeners[0].routes[0].source: "10.0.0.0/99": expected a number from 0 to 32 after "10.0.0.0/"',
        'listeners[0].routes[0].host[0]: "a b": this is not a host name',
        'listeners[0].routes[0].host[1]: "*x.test": a "*" stands for the whole first label: write *.example.com',
        'listeners[0].routes[0].path: expected a path that begins with "/" and has no "?", found "chat"',
      ],
    ],
    [
      'paths that no request can match',
      {
        protocol: 'http',
        routes: ['/a/../b', '/a;x', '/a%2Fb'].map((path) => ({ path, cluster: 'web' })),
      },
      [
        'listeners[0].routes[0].path: millrace refuses requests with a dot segment in the path: write another path',
        'listeners[0].routes[1].path: routes ignore ";" and the text after it: write the path without them',
        'listeners[0].routes[2].path: write "/" instead of "%2F": routes treat both alike',
      ],
    ],
    [
      'a clientFrom without trusted addresses, with an invalid field, and without HTTP',
      { cluster: 'web', clientFrom: { field: 'x forwarded' } },
      [
        'listeners[0].clientFrom: works only with "protocol: http": add that to the listener, or remove this key',
        'listeners[0].clientFrom.field: expected the name of a field, such as x-forwarded-for, found "x forwarded"',
        'listeners[0].clientFrom.trusted: is missing: expected addresses such as 10.0.0.0/8, or a list',
      ],
    ],
    [
      'allowEncodedSlash, but no route with a path',
      { protocol: 'http', cluster: 'web', allowEncodedSlash: true },
      ['listeners[0].allowEncodedSlash: does nothing, because no route here has a "path": remove this key'],
    ],
    [
      'text instead of a route function',
      { route: 'web' },
      ['listeners[0].route: expected a function, which only the library can be given, found "web"'],
    ],
    [
      'an empty acceptProxy',
      { cluster: 'web', acceptProxy: {} },
      ['listeners[0].acceptProxy.from: is missing: expected addresses such as 10.0.0.0/8, or a list'],
    ],
    [
      'TLVs below the numbers of vendors',
      { cluster: 'web', acceptProxy: { from: ['unix'], logTlvs: [0xea, 2] } },
      ['listeners[0].acceptProxy.logTlvs[1]: expected a whole number from 224 to 255, found 2'],
    ],
    [
      'certificates that cannot be read',
      { cluster: 'web', tls: pair },
      [
        'listeners[0].tls.cert: cannot read the file "/nowhere/cert.pem": ENOENT',
        'listeners[0].tls.key: cannot read the file "/nowhere/key.pem": ENOENT',
      ],
    ],
    [
      'damaged PEM',
      { cluster: 'web', tls: { cert: '-----BEGIN CERTIFICATE-----\n', key: '-----BEGIN x' } },
      [
        'listeners[0].tls.cert: the certificate cannot be read, because its PEM is damaged',
        'listeners[0].tls.key: it holds no private key in PEM',
      ],
    ],
  ])('a listener with %s is refused with a reason', (_, listener, expected) => {
    const problems = problemsOf(listener)
    expect(problems).toHaveLength(expected.length)
    for (const [index, text] of expected.entries()) {
      expect(
        problems.toSorted()[index]!.startsWith(expected.toSorted()[index]!),
        `${problems.join('\n')}\n${text}`,
      ).toBe(true)
    }
  })
})

describe('a cluster', () => {
  it('a cluster cannot have the name reject', () => {
    expect(problemsOf({ cluster: 'reject' }, {}, 'reject')).toEqual([
      'clusters.reject: "reject" cannot be the name of a cluster: write another name',
    ])
  })

  it.each([
    [
      { tls: { key: '-----BEGIN x' } },
      'clusters.web.tls: cert is missing: write both cert and key, or neither',
    ],
    [
      { tls: { cert: '-----BEGIN x' } },
      'clusters.web.tls: key is missing: write both cert and key, or neither',
    ],
    [
      { tls: { ca: '/nowhere' } },
      'clusters.web.tls.ca: cannot read the file "/nowhere": ENOENT. Write PEM text, or the path of a file that millrace can read',
    ],
    [{ tls: { ca: 'package.json' } }, 'package.json holds no certificate in PEM'],
    [{ sendProxy: 'v3' }, 'expected one of "v1", "v2", found "v3"; did you mean "v1"?'],
    [{ sendProxy: {} }, 'sendProxy.version: is missing: expected one of "v1", "v2"'],
    [{ sendProxy: { version: 'v2', tlvs: ['sll'] } }, 'sendProxy.tlvs[0]: expected one of "ssl"'],
    [{ sendProxy: { version: 'v2', tlvs: 'ssl' } }, 'expected a list of TLVs, found "ssl"'],
    [{ sendProxy: { version: 'v1', tlvs: ['ssl'] } }, 'version 1 of the PROXY protocol has no TLVs'],
    [{ sendProxy: 2 }, 'expected a version, or a map: { version, tlvs }, found 2'],
    [{ tls: { verfy: false } }, 'unknown key; did you mean "verify"?'],
  ])('a cluster with %j is refused with a reason', (cluster, message) => {
    expect(problemsOf({ cluster: 'web' }, cluster).join()).toContain(message)
  })
})

it('a cluster that is named although there is none at all is told so', () => {
  const config = {
    listeners: [
      { address: '127.0.0.1:1', cluster: 'web' },
      { address: '127.0.0.1:2', route: () => undefined },
    ],
    clusters: {},
  }
  expect(() => validateConfig(config)).toThrow('there is no cluster "web": "clusters" is empty')
})

/** What is said of listeners whose values do not go together. */
import { describe, expect, it } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import type { MillraceError } from '../../src/errors.js'

const pair = { cert: '/nowhere/cert.pem', key: '/nowhere/key.pem' }

function problemsOf(listener: object, cluster: object = {}, name = 'web'): string[] {
  try {
    validateConfig({
      listeners: [{ name: 'front', address: '127.0.0.1:1', ...listener }],
      clusters: { [name]: { backends: ['127.0.0.1:2'], ...cluster } },
    })
    return []
  } catch (error) {
    return (error as MillraceError).problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

describe('a listener', () => {
  it.each<[string, object]>([
    ['with a cluster', { cluster: 'web' }],
    ['with routes only', { routes: [{ sni: 'a.test', cluster: 'web' }] }],
    ['with a route function', { route: () => 'web' }],
    ['that rejects', { routes: [{ source: '10.0.0.0/8', reject: true }], cluster: 'web' }],
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
  ])('%s is good', (_, listener) => {
    expect(problemsOf(listener)).toEqual([])
  })

  it.each<[string, object, string[]]>([
    ['nowhere to go', {}, ['listeners[0].cluster: is missing: expected the name of a cluster, or routes']],
    [
      'clusters that there are not',
      { cluster: 'wed', onNoSni: 'rejct', onBadHello: 'x', routes: [{ sni: 'a.test', cluster: 'webb' }] },
      [
        'listeners[0].cluster: there is no cluster "wed"; did you mean "web"?',
        'listeners[0].onNoSni: there is no cluster "rejct"',
        'listeners[0].onBadHello: there is no cluster "x"',
        'listeners[0].routes[0].cluster: there is no cluster "webb"; did you mean "web"?',
      ],
    ],
    [
      'routes and a function',
      { route: () => 'web', routes: [{ cluster: 'web' }] },
      ['listeners[0].routes: a listener has either "routes" or a "route" function'],
    ],
    [
      'what HTTP needs, without HTTP',
      { cluster: 'web', xForwarded: 'off', routes: [{ host: 'a.test', path: '/', cluster: 'web' }] },
      [
        'listeners[0].xForwarded: needs "protocol: http" of the listener',
        'listeners[0].routes[0].host: needs "protocol: http" of the listener',
        'listeners[0].routes[0].path: needs "protocol: http" of the listener',
      ],
    ],
    [
      'server names in plain HTTP',
      { protocol: 'http', onNoSni: 'reject', routes: [{ sni: 'a.test', cluster: 'web' }] },
      [
        'listeners[0].onNoSni: needs "tls" of the listener: plain HTTP has no ClientHello',
        'listeners[0].routes[0].sni: needs "tls" of the listener: plain HTTP has no ClientHello',
      ],
    ],
    [
      'onBadHello where nobody looks',
      { cluster: 'web', onBadHello: 'reject' },
      ['listeners[0].onBadHello: no route here looks at a ClientHello'],
    ],
    [
      'a route that goes nowhere, and one that goes both ways',
      { routes: [{ source: '::1' }, { cluster: 'web', reject: true }] },
      [
        'listeners[0].routes[0].cluster: is missing: expected the name of a cluster, or "reject: true"',
        'listeners[0].routes[1]: a route has either a cluster or "reject: true"',
      ],
    ],
    [
      'names, addresses and paths that are none',
      {
        protocol: 'http',
        routes: [{ host: ['a b', '*x.test'], source: '10.0.0.0/99', path: 'chat', cluster: 'web' }],
      },
      [
        'listeners[0].routes[0].source: "10.0.0.0/99": a prefix of 10.0.0.0 is a number from 0 to 32',
        'listeners[0].routes[0].host[0]: "a b": it is not a host name',
        'listeners[0].routes[0].host[1]: "*x.test": a "*" stands for the whole first label only',
        'listeners[0].routes[0].path: expected a path that begins with "/" and has no "?", found "chat"',
      ],
    ],
    [
      'paths that no request is compared with',
      {
        protocol: 'http',
        routes: ['/a/../b', '/a;x', '/a%2Fb'].map((path) => ({ path, cluster: 'web' })),
      },
      [
        'listeners[0].routes[0].path: no request is compared with it: dot segment in the path',
        'listeners[0].routes[1].path: parameters (";" and what follows it) are left out of the comparison',
        'listeners[0].routes[2].path: write "/" for "%2F": both are compared as the same',
      ],
    ],
    [
      'a clientFrom that trusts nobody, reads no field, or has none to read',
      { cluster: 'web', clientFrom: { field: 'x forwarded' } },
      [
        'listeners[0].clientFrom: needs "protocol: http" of the listener',
        'listeners[0].clientFrom.field: expected the name of a field, such as x-forwarded-for, found "x forwarded"',
        'listeners[0].clientFrom.trusted: is missing: expected addresses such as 10.0.0.0/8, or a list',
      ],
    ],
    [
      'allowEncodedSlash where nobody compares paths',
      { protocol: 'http', cluster: 'web', allowEncodedSlash: true },
      ['listeners[0].allowEncodedSlash: no route here has a path: every path is allowed'],
    ],
    [
      'a function that is none',
      { route: 'web' },
      ['listeners[0].route: expected a function, which only the library can be given, found "web"'],
    ],
    [
      'an empty acceptProxy',
      { cluster: 'web', acceptProxy: {} },
      ['listeners[0].acceptProxy.from: is missing: expected addresses such as 10.0.0.0/8, or a list'],
    ],
    [
      'TLVs that are no vendor`s',
      { cluster: 'web', acceptProxy: { from: ['unix'], logTlvs: [0xea, 2] } },
      ['listeners[0].acceptProxy.logTlvs[1]: expected a whole number from 224 to 255, found 2'],
    ],
    [
      'certificates that cannot be read',
      { cluster: 'web', tls: pair },
      [
        'listeners[0].tls.cert: cannot read "/nowhere/cert.pem": ENOENT',
        'listeners[0].tls.key: cannot read "/nowhere/key.pem": ENOENT',
      ],
    ],
    [
      'PEM that is none',
      { cluster: 'web', tls: { cert: '-----BEGIN CERTIFICATE-----\n', key: '-----BEGIN x' } },
      [
        'listeners[0].tls.cert: the certificate cannot be read: its PEM is damaged',
        'listeners[0].tls.key: it holds no private key in PEM',
      ],
    ],
  ])('with %s is told so', (_, listener, expected) => {
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
  it('is not called reject', () => {
    expect(problemsOf({ cluster: 'reject' }, {}, 'reject')).toEqual([
      'clusters.reject: "reject" stands for no cluster: give it another name',
    ])
  })

  it.each([
    [{ tls: { key: '-----BEGIN x' } }, 'cert is missing: cert and key come together'],
    [{ tls: { cert: '-----BEGIN x' } }, 'key is missing: cert and key come together'],
    [{ tls: { ca: '/nowhere' } }, 'cannot read "/nowhere": ENOENT'],
    [{ tls: { ca: 'package.json' } }, 'package.json holds no certificate in PEM'],
    [{ sendProxy: 'v3' }, 'expected one of "v1", "v2", found "v3"; did you mean "v1"?'],
    [{ sendProxy: {} }, 'sendProxy.version: is missing: expected one of "v1", "v2"'],
    [{ sendProxy: { version: 'v2', tlvs: ['sll'] } }, 'sendProxy.tlvs[0]: expected one of "ssl"'],
    [{ sendProxy: { version: 'v2', tlvs: 'ssl' } }, 'expected a list of TLVs, found "ssl"'],
    [{ sendProxy: { version: 'v1', tlvs: ['ssl'] } }, 'version 1 of the PROXY protocol has no TLVs'],
    [{ sendProxy: 2 }, 'expected a version, or a map: { version, tlvs }, found 2'],
    [{ tls: { verfy: false } }, 'unknown key; did you mean "verify"?'],
  ])('of %j is told so', (cluster, message) => {
    expect(problemsOf({ cluster: 'web' }, cluster).join()).toContain(message)
  })
})

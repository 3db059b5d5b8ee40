/** Servers that clients ask for: which name and port they mean, and which of them a list allows. */
import { describe, expect, it } from 'vitest'
import { AllowList } from '../../../src/cluster/egress/allow-list.js'
import { askedServer } from '../../../src/cluster/egress/asked-server.js'
import type { DialPolicy } from '../../../src/cluster/egress/policy.js'

const own = { has: () => false, listensAt: () => false }

const policyOf = (
  server: 'sni' | 'host',
  names: readonly string[],
  ports: readonly number[],
): DialPolicy => ({
  server,
  allow: names.map((name) => ({ name, networks: [] })),
  ports,
  defaultPort: ports[0]!,
  hasTls: false,
  ownListeners: [],
})

const HOST = policyOf('host', ['*.a.test', 'b.test', '192.0.2.1', '2001:db8::1'], [80, 8080])
const SNI = policyOf('sni', ['**.a.test'], [443])

/** `NAME:PORT by ENTRY`, or why not. */
function find(policy: DialPolicy, text: string | undefined, target?: string): string {
  const client = { serverName: policy.server === 'sni' ? text : undefined, authority: text, target }
  const asked = askedServer(client, policy)
  if (typeof asked === 'string') return asked
  const allowed = new AllowList(policy, own).find(asked)
  return typeof allowed === 'string' ? allowed : `${asked.host}:${asked.port} by ${allowed.name}`
}

describe('the host of a request', () => {
  it.each([
    ['www.a.test', 'www.a.test:80 by *.a.test'],
    ['WWW.A.Test.', 'www.a.test:80 by *.a.test'],
    ['www.a.test:8080', 'www.a.test:8080 by *.a.test'],
    ['xn--bcher-kva.a.test', 'xn--bcher-kva.a.test:80 by *.a.test'],
    ['b.test:080', 'b.test:80 by b.test'],
    ['192.0.2.1', '192.0.2.1:80 by 192.0.2.1'],
    ['[2001:DB8:0::1]:8080', '2001:db8::1:8080 by 2001:db8::1'],
    ['[::ffff:192.0.2.1]', '192.0.2.1:80 by 192.0.2.1'],
  ])('%s is allowed as %s', (authority, found) => {
    expect(find(HOST, authority)).toBe(found)
  })

  it.each([
    ['a.test', 'no name in "allow" matches'],
    ['x.y.a.test', 'no name in "allow" matches'],
    ['evil.test', 'no name in "allow" matches'],
    ['www.a.test:443', 'port 443 is not in "ports"'],
    ['www.a.test:0', 'port 0 is not in "ports"'],
    ['192.0.2.2', 'an IP address that "allow" does not name'],
    ['[::1]', 'an IP address that "allow" does not name'],
    ['[::ffff:127.0.0.1]', 'an IP address that "allow" does not name'],
    [undefined, 'the client names no host in a request'],
    ['', 'the client names no host in a request'],
  ])('%s is not allowed: %s', (authority, why) => {
    expect(find(HOST, authority)).toBe(why)
  })

  it('a request for https is allowed only if millrace speaks TLS to the server', () => {
    const ask = (target: string, hasTls: boolean) => find({ ...HOST, hasTls }, 'b.test', target)
    for (const target of ['https://b.test/', 'HTTPS://b.test']) {
      expect(ask(target, false)).toBe('the client asks for https, and the cluster has no "tls"')
      expect(ask(target, true)).toBe('b.test:80 by b.test')
    }
    expect(ask('http://b.test/https:', false)).toBe('b.test:80 by b.test')
    expect(ask('/https://b.test/', false)).toBe('b.test:80 by b.test')
  })

  it.each([
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '127.1',
    '0177.0.0.1',
    '017700000001',
    '127.0.0.1.',
    '1.2.3.4.5',
    'www.a.test.0x1',
    '[fe80::1%eth0]',
    '[fe80::1%25eth0]',
    '[127.0.0.1]x',
    '::1',
    'www.a.test@evil.test',
    'www.a.test/x',
    'bücher.a.test',
    'www a.test',
    '-a.test',
    'a..test',
    '*.a.test',
    `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}`,
  ])('%s is no host name, also where any name is allowed', (authority) => {
    expect(find(policyOf('host', ['*'], [80]), authority)).toMatch(/is no host name$/)
  })
})

describe('the server name of a ClientHello', () => {
  it('a server name gets the port of the cluster', () => {
    expect(find(SNI, 'x.y.a.test')).toBe('x.y.a.test:443 by **.a.test')
    expect(find(SNI, 'X.Y.A.TEST.')).toBe('x.y.a.test:443 by **.a.test')
  })

  it.each([undefined, '127.0.0.1', '::1', '2130706433', '0x7f.1', 'a.test:443', '[::1]', ''])(
    '%s is no server name, also where any name is allowed',
    (name) => {
      expect(find(policyOf('sni', ['*'], [443]), name)).toMatch(/names no server|is no host name$/)
    },
  )
})

it.each(['192.0.2.1', '[2001:db8::1]'])('no pattern allows the IP address %s', (authority) => {
  const policy = policyOf('host', ['*', '**.1', '*.0.2.1'], [80])
  expect(find(policy, authority)).toBe('an IP address that "allow" does not name')
})

it('the most specific entry of a list counts', () => {
  const policy = policyOf('sni', ['*', '**.a.test', '*.a.test', 'www.a.test'], [443])
  const entry = (name: string) => find(policy, name).replace(/.* by /, '')
  expect(['www.a.test', 'b.a.test', 'c.b.a.test', 'b.test'].map(entry)).toEqual([
    'www.a.test',
    '*.a.test',
    '**.a.test',
    '*',
  ])
})

it('an address that the list names is allowed, whatever it is for', () => {
  const list = new AllowList(policyOf('host', ['10.0.0.1', '*'], [80]), own)
  const addresses = (host: string, isAddress: boolean) => {
    const allowed = list.find({ host, isAddress, port: 80 })
    return typeof allowed === 'string' ? undefined : allowed.addresses
  }
  expect(addresses('10.0.0.1', true)?.whyNot('10.0.0.1', 80)).toBeUndefined()
  expect(addresses('a.test', false)?.whyNot('10.0.0.1', 80)).toBe('10.0.0.1 is a private address (RFC 1918)')
})

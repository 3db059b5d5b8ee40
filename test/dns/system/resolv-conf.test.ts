import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseResolvConf } from '../../../src/dns/system/resolv-conf.js'

const DEFAULTS = { servers: [], search: [], ndots: 1, timeoutMs: 5000, tries: 2, rotate: false }

it('a missing resolv.conf has the defaults of glibc and no servers', () => {
  expect(parseResolvConf(undefined, 'host')).toEqual(DEFAULTS)
})

it('resolv.conf of a Kubernetes pod is read', () => {
  const text = `search Web.svc.cluster.local svc.cluster.local. cluster.local
nameserver 10.96.0.10
options ndots:5
`
  expect(parseResolvConf(text, 'web-1')).toEqual({
    ...DEFAULTS,
    servers: [{ ip: '10.96.0.10', port: 53 }],
    search: ['web.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    ndots: 5,
  })
})

it('the first three nameservers of resolv.conf that are IP addresses are asked', () => {
  const ips = ['10.0.0.1', 'ns.example.com', 'fe80::1%eth0', '10.0.0.3', '10.0.0.4']
  const text = ips.map((ip) => `nameserver ${ip}`).join('\n')
  expect(parseResolvConf(text, '').servers.map(({ ip }) => ip)).toEqual([
    '10.0.0.1',
    'fe80::1%eth0',
    '10.0.0.3',
  ])
})

it('the last line of resolv.conf with domains holds, and without one the domain of this machine', () => {
  expect(parseResolvConf('domain a.test\nsearch b.test c.test', 'x.d.test').search).toEqual([
    'b.test',
    'c.test',
  ])
  expect(parseResolvConf('search b.test\n\tdomain a.test', '').search).toEqual(['a.test'])
  expect(parseResolvConf('search', 'x.d.test').search).toEqual([])
  expect(parseResolvConf('', 'x.d.test').search).toEqual(['d.test'])
  expect(parseResolvConf('search .', '').search).toEqual([''])
})

it.each([
  ['ndots:0 timeout:1 attempts:1 rotate', { ndots: 0, timeoutMs: 1000, tries: 1, rotate: true }],
  ['ndots:99 timeout:99 attempts:99', { ndots: 15, timeoutMs: 30_000, tries: 5 }],
  ['timeout:0 attempts:0', { timeoutMs: 1000, tries: 1 }],
  ['ndots:2 ndots:3', { ndots: 3 }],
  ['ndots:x timeout: attempts:-1 edns0 single-request', {}],
])('the options "%s" of resolv.conf stay within the limits of glibc', (options, expected) => {
  expect(parseResolvConf(`options ${options}`, '')).toEqual({ ...DEFAULTS, ...expected })
})

it('comments and unknown lines of resolv.conf change nothing', () => {
  const text = '# nameserver 10.0.0.1\n; nameserver 10.0.0.2\nsortlist 10.0.0.0\nnameserver\n\r\n'
  expect(parseResolvConf(text, '')).toEqual(DEFAULTS)
})

it('no text of resolv.conf makes the parser throw', () => {
  const words = ['nameserver', 'options', 'search', 'ndots:', '1', '::1', '\n', ' ', '.', '\0']
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string())), (parts) => {
      const conf = parseResolvConf(parts.join(''), '')
      expect(conf.tries).toBeGreaterThan(0)
      expect(conf.servers.length).toBeLessThanOrEqual(3)
    }),
  )
})

/** Whatever a client writes as the host of its request, nobody but the list of the cluster turns it into an IP address. */
import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { AddressCheck } from '../../../src/cluster/egress/address-check.js'
import { askedServer } from '../../../src/cluster/egress/asked-server.js'
import type { DialPolicy } from '../../../src/cluster/egress/policy.js'
import { bytesToIp } from '../../../src/ip.js'

const RUNS = { numRuns: 20_000 }
const own = { has: () => false, listensAt: () => false }
const ANY_NAME: DialPolicy = {
  server: 'host',
  allow: [{ name: '*', networks: [] }],
  ports: [80],
  defaultPort: 80,
  hasTls: false,
  ownListeners: [],
}

const number = fc.oneof(
  fc.nat({ max: 2 ** 32 }).map(String),
  fc.nat({ max: 2 ** 32 }).map((each) => `0x${each.toString(16)}`),
  fc.nat({ max: 2 ** 32 }).map((each) => `0${each.toString(8)}`),
  fc.nat({ max: 255 }).map(String),
)
const numbers = fc
  .tuple(fc.array(number, { minLength: 1, maxLength: 5 }), fc.constantFrom('', '.', ':80', '.:80'))
  .map(([parts, end]) => parts.join('.') + end)
const anything = fc.string({ unit: fc.constantFrom(...'019af.x:[]%-_@/ *AZé'), maxLength: 20 })

/** The IP address that a browser and curl read in this host. Undefined: they read none. */
function asBrowsersRead(authority: string): string | undefined {
  const host = URL.parse(`http://${authority}/`)?.hostname.replace(/^\[(.*)\]$/, '$1')
  return host !== undefined && isIP(host) !== 0 ? host : undefined
}

it('a host that browsers read as an IP address is an address, or it is refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        numbers,
        anything,
        fc.ipV4(),
        fc.ipV6().map((ip) => `[${ip}]`),
      ),
      (authority) => {
        const asked = askedServer({ serverName: undefined, authority }, ANY_NAME)
        if (typeof asked === 'string') return
        expect(isIP(asked.host) !== 0).toBe(asked.isAddress)
        if (asBrowsersRead(authority) !== undefined) expect(asked.isAddress).toBe(true)
        if (!asked.isAddress) expect(asked.host).toMatch(/^[a-z0-9_.-]{1,253}$/)
      },
    ),
    RUNS,
  )
})

/** Node's own reading of the networks that clients must never reach. */
const INSIDE = { ipv4: new BlockList(), ipv6: new BlockList() }
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
] as const)
  INSIDE.ipv4.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
] as const)
  INSIDE.ipv6.addSubnet(network, bits, 'ipv6')

const prefixes = ['', '0064ff9b0000000000000000', '00000000000000000000ffff', '2002'].map((hex) =>
  Buffer.from(hex, 'hex'),
)

it('no spelling of an address inside passes the check, and an address outside of all special networks does', () => {
  const check = new AddressCheck([], own)
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  fc.assert(
    fc.property(bytes(4), fc.constantFrom(...prefixes), bytes(10), (inner, prefix, rest) => {
      const ipv4 = inner.join('.')
      const outer = Buffer.concat([prefix, inner, rest]).subarray(0, prefix.length === 0 ? 4 : 16)
      const why = check.whyNot(bytesToIp(outer), 80)
      if (INSIDE.ipv4.check(ipv4, 'ipv4')) expect(why).toContain(ipv4)
    }),
    RUNS,
  )
  fc.assert(
    fc.property(bytes(16), (each) => {
      const ip = bytesToIp(Buffer.from(each))
      if (INSIDE.ipv6.check(ip, 'ipv6')) expect(check.whyNot(ip, 80)).toContain(ip)
      else if (each[0] === 0x26 || each[0] === 0x2a) expect(check.whyNot(ip, 80)).toBeUndefined()
    }),
    RUNS,
  )
})

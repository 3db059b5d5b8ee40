/** Addresses that a name of a client must not lead to, and those that an entry of the list allows. */
import { describe, expect, it } from 'vitest'
import { type Address, parseAddress } from '../../../src/address.js'
import { AddressCheck } from '../../../src/cluster/egress/address-check.js'
import { OwnAddresses } from '../../../src/cluster/egress/own-addresses.js'
import { ipToBytes } from '../../../src/ip.js'

/** An address of this machine that is public. */
const OWN = '20.0.0.7'
const own = { has: (bytes: Buffer) => bytes.equals(ipToBytes(OWN)!), listensAt: () => false }

const check = (ip: string, networks: readonly string[] = []) => new AddressCheck(networks, own).whyNot(ip, 80)

describe('the check of an address that a client asked for', () => {
  it.each([
    ['0.0.0.0', 'an address of this host (RFC 1122)'],
    ['0.1.2.3', 'an address of this host (RFC 1122)'],
    ['10.0.0.1', 'a private address (RFC 1918)'],
    ['10.255.255.255', 'a private address (RFC 1918)'],
    ['100.64.0.1', 'a shared address of carriers (RFC 6598)'],
    ['100.127.255.255', 'a shared address of carriers (RFC 6598)'],
    ['127.0.0.1', 'a loopback address'],
    ['127.255.0.1', 'a loopback address'],
    ['168.63.129.16', 'the address of the host services of Azure'],
    ['169.254.1.1', 'a link-local address (RFC 3927)'],
    ['169.254.169.254', 'the address of the metadata service of clouds'],
    ['172.16.0.1', 'a private address (RFC 1918)'],
    ['172.31.255.255', 'a private address (RFC 1918)'],
    ['192.0.0.192', 'an address for protocols (RFC 6890)'],
    ['192.0.2.1', 'an address for documentation (RFC 5737)'],
    ['192.88.99.1', 'a 6to4 relay (RFC 7526)'],
    ['192.168.1.1', 'a private address (RFC 1918)'],
    ['198.18.0.1', 'an address for benchmarks (RFC 2544)'],
    ['198.19.255.255', 'an address for benchmarks (RFC 2544)'],
    ['198.51.100.1', 'an address for documentation (RFC 5737)'],
    ['203.0.113.1', 'an address for documentation (RFC 5737)'],
    ['224.0.0.1', 'a multicast address'],
    ['239.255.255.250', 'a multicast address'],
    ['240.0.0.1', 'a reserved address'],
    ['255.255.255.255', 'the broadcast address'],
    [OWN, 'an address of this machine'],
    ['::', 'the unspecified address'],
    ['::1', 'a loopback address'],
    ['::7f00:1', 'no global unicast address'],
    ['64:ff9b:1::a00:1', 'an address for local translation (RFC 8215)'],
    ['100::1', 'no global unicast address'],
    ['2001:2::1', 'an address for benchmarks (RFC 5180)'],
    ['2001:10::1', 'an address for protocols (RFC 2928)'],
    ['2001:db8::1', 'an address for documentation (RFC 3849)'],
    ['3fff::1', 'an address for documentation (RFC 9637)'],
    ['5f00::1', 'no global unicast address'],
    ['fc00::1', 'a private address (RFC 4193)'],
    ['fd00:ec2::254', 'a private address (RFC 4193)'],
    ['fe80::1', 'a link-local address (RFC 4291)'],
    ['febf::1', 'a link-local address (RFC 4291)'],
    ['fec0::1', 'a site-local address (RFC 3879)'],
    ['ff02::1', 'a multicast address'],
  ])('the check refuses %s, which is %s', (ip, use) => {
    expect(check(ip)).toBe(`${ip} is ${use}`)
  })

  it.each([
    '1.0.0.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.1',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '20.0.0.8',
    '2606:4700::1111',
    '2001:4860:4860::8888',
    '3ffe::1',
    '64:ff9b::808:808',
    '2002:808:808::1',
    '2001:0:808:808::f7f7:f7f7',
  ])('the check lets %s pass, which is public', (ip) => {
    expect(check(ip)).toBeUndefined()
  })

  it.each([
    ['::ffff:10.0.0.1', '10.0.0.1 is a private address (RFC 1918)'],
    ['::ffff:7f00:1', '127.0.0.1 is a loopback address'],
    ['fe80::1%eth0', 'fe80::1 is a link-local address (RFC 4291)'],
    [
      '64:ff9b::10.0.0.1',
      '64:ff9b::a00:1 leads to another address: 10.0.0.1 is a private address (RFC 1918)',
    ],
    [
      '64:ff9b::a9fe:a9fe',
      '64:ff9b::a9fe:a9fe leads to another address: 169.254.169.254 is the address of the metadata service of clouds',
    ],
    ['2002:a00:1::1', '2002:a00:1::1 leads to another address: 10.0.0.1 is a private address (RFC 1918)'],
    [
      '2001:0:808:808::80ff:fffe',
      '2001:0:808:808::80ff:fffe leads to another address: 127.0.0.1 is a loopback address',
    ],
    [
      '2001:0:a00:1::f7f7:f7f7',
      '2001:0:a00:1::f7f7:f7f7 leads to another address: 10.0.0.1 is a private address (RFC 1918)',
    ],
    ['64:ff9b::1400:7', '64:ff9b::1400:7 leads to another address: 20.0.0.7 is an address of this machine'],
    ['no address', 'the resolver gave no IP address'],
  ])('the check sees through another spelling: %s', (ip, why) => {
    expect(check(ip)).toBe(why)
  })

  it('the check lets the networks of an entry pass in every spelling, and no others', () => {
    const networks = ['10.1.0.0/16', 'fd00::/8']
    for (const ip of ['10.1.2.3', '::ffff:10.1.2.3', '64:ff9b::a01:203', 'fd12::1'])
      expect(check(ip, networks)).toBeUndefined()
    expect(check('10.2.0.1', networks)).toBe('10.2.0.1 is a private address (RFC 1918)')
    expect(check('::1', networks)).toBe('::1 is a loopback address')
    expect(check('127.0.0.1', ['127.0.0.1', '0.0.0.0/1'])).toBeUndefined()
  })
})

describe('addresses of this machine', () => {
  it('an address that an interface gets later counts after a second', () => {
    let now = 0
    const interfaces: { eth0: { address: string }[]; eth1: undefined } = {
      eth0: [{ address: '20.0.0.1' }],
      eth1: undefined,
    }
    const addresses = new OwnAddresses(
      [],
      () => now,
      () => interfaces,
    )
    const has = (ip: string) => addresses.has(ipToBytes(ip)!)
    expect([has('20.0.0.1'), has('20.0.0.2')]).toEqual([true, false])
    interfaces.eth0.push({ address: '20.0.0.2' }, { address: 'fe80::1%eth0' })
    now = 999
    expect(has('20.0.0.2')).toBe(false)
    now = 1000
    expect([has('20.0.0.2'), has('fe80::1')]).toEqual([true, true])
  })

  it('a system that cannot list its addresses leaves those in force that it listed before, and is asked again', () => {
    let now = 0
    let lists = true
    const addresses = new OwnAddresses(
      [],
      () => now,
      () => {
        if (!lists) throw Object.assign(new Error(), { code: 'EMFILE' })
        return { eth0: [{ address: now === 0 ? '20.0.0.1' : '20.0.0.2' }] }
      },
    )
    const has = (ip: string) => addresses.has(ipToBytes(ip)!)
    expect(has('20.0.0.1')).toBe(true)
    now = 1000
    lists = false
    expect([has('20.0.0.1'), has('20.0.0.2')]).toEqual([true, false])
    lists = true
    expect([has('20.0.0.1'), has('20.0.0.2')]).toEqual([false, true])
  })

  it('no public address may be dialled as long as the system has never listed its own', () => {
    const addresses = new OwnAddresses(
      [parseAddress('0.0.0.0:443') as Address],
      () => 0,
      () => {
        throw Object.assign(new Error(), { code: 'EMFILE' })
      },
    )
    const unsure = new AddressCheck([], addresses)
    expect(unsure.whyNot('20.0.0.1', 80)).toBe(
      '20.0.0.1 is perhaps an address of this machine, which cannot list its addresses at the moment',
    )
    expect(unsure.whyNot('20.0.0.1', 443)).toBe('20.0.0.1 with port 443 is a listener of millrace')
    expect(new AddressCheck(['20.0.0.0/8'], addresses).whyNot('20.0.0.1', 80)).toBeUndefined()
  })

  it('the loopback address of this machine is among them', () => {
    expect(new OwnAddresses([], () => 0).has(ipToBytes('127.0.0.1')!)).toBe(true)
  })

  it.each([
    ['0.0.0.0:443', ['127.0.0.1', '127.9.9.9', '0.0.0.0', '20.0.0.1', '64:ff9b::1400:1'], ['20.0.0.2']],
    ['[::]:443', ['::1', '127.0.0.1', '20.0.0.1', '2a00::1'], ['2a00::2']],
    ['127.0.0.1:443', ['127.0.0.1', '0.0.0.0', '::ffff:127.0.0.1'], ['127.0.0.2', '20.0.0.1']],
    ['[2a00::1]:443', ['2a00::1', '::'], ['2a00::2', '20.0.0.1']],
  ])('an address that leads to the listener %s is refused, whatever networks an entry has', (...row) => {
    const [listener, refused, others] = row
    const interfaces = { eth0: ['20.0.0.1', '2a00::1', '::1'].map((address) => ({ address })) }
    const addresses = new OwnAddresses(
      [parseAddress(listener) as Address, { kind: 'unix', path: '/socket' }],
      () => 0,
      () => interfaces,
    )
    const everything = new AddressCheck(['0.0.0.0/0', '::/0'], addresses)
    for (const ip of refused)
      expect(everything.whyNot(ip, 443)).toMatch(/ with port 443 is a listener of millrace$/)
    for (const ip of refused) expect(everything.whyNot(ip, 444)).toBeUndefined()
    for (const ip of others) expect(everything.whyNot(ip, 443)).toBeUndefined()
  })
})

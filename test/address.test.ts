import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatAddress, formatPeer, packPeer, parseAddress } from '../src/address.js'

describe('parseAddress', () => {
  it.each([
    ['127.0.0.1:80', { kind: 'tcp', host: '127.0.0.1', port: 80 }],
    ['0.0.0.0:0', { kind: 'tcp', host: '0.0.0.0', port: 0 }],
    ['[::1]:65535', { kind: 'tcp', host: '::1', port: 65535 }],
    ['[fe80::1%eth0]:80', { kind: 'tcp', host: 'fe80::1%eth0', port: 80 }],
    ['[::ffff:127.0.0.1]:80', { kind: 'tcp', host: '127.0.0.1', port: 80 }],
    ['[0:0:0:0:0:FFFF:7f00:1]:80', { kind: 'tcp', host: '127.0.0.1', port: 80 }],
    ['db.example.com:5432', { kind: 'tcp', host: 'db.example.com', port: 5432 }],
    ['my_service:1', { kind: 'tcp', host: 'my_service', port: 1 }],
    ['unix:/run/db.sock', { kind: 'unix', path: '/run/db.sock' }],
    ['unix:@name', { kind: 'unix', path: '\0name' }],
    ['unix:./@name', { kind: 'unix', path: './@name' }],
    ['unix:a:b', { kind: 'unix', path: 'a:b' }],
  ])('parseAddress reads %s', (text, address) => {
    expect(parseAddress(text)).toEqual(address)
  })

  it.each([
    ['', '"" is not an address: write HOST:PORT, [IPv6]:PORT or unix:/path'],
    ['127.0.0.1', 'a port is missing: write 127.0.0.1:PORT'],
    ['db.example.com', 'a port is missing: write db.example.com:PORT'],
    [
      ':80',
      'a host is missing in ":80": write 127.0.0.1:80 for this machine alone, or 0.0.0.0:80 to listen on all IPv4 addresses',
    ],
    [
      '1234',
      'a host is missing in "1234": write 127.0.0.1:1234 for this machine alone, or 0.0.0.0:1234 to listen on all IPv4 addresses',
    ],
    ['*:80', 'write 0.0.0.0 or [::] for all addresses, not "*"'],
    ['::1', 'an IPv6 address needs brackets and a port: write [::1]:PORT'],
    ['[::g]:80', '"::g" is not an IPv6 address: write one such as [::1]'],
    ['[127.0.0.1]:80', '"127.0.0.1" is not an IPv6 address: write one such as [::1]'],
    ['256.0.0.1:80', '"256.0.0.1" is not an IPv4 address: write four numbers, such as 192.0.2.1'],
    ['127.1:80', '"127.1" is not an IPv4 address: write four numbers, such as 192.0.2.1'],
    ['-a.example:80', '"-a.example" is not a host name: write a name such as db.example.com'],
    ['a..b:80', '"a..b" is not a host name: write a name such as db.example.com'],
    [
      `${'a.'.repeat(127)}bc:80`,
      `"${'a.'.repeat(30)}…" is not a host name: write a name such as db.example.com`,
    ],
    ['127.0.0.1:65536', 'port 65536 is too high: write one from 0 to 65535'],
    ['127.0.0.1:123456', 'port 123456 is too high: write one from 0 to 65535'],
    ['127.0.0.1:-1', '"127.0.0.1:-1" is not an address: write HOST:PORT, [IPv6]:PORT or unix:/path'],
    ['127.0.0.1:http', '"127.0.0.1:http" is not an address: write HOST:PORT, [IPv6]:PORT or unix:/path'],
    [
      'tcp://127.0.0.1:80',
      '"tcp://127.0.0.1:80" is not an address: write HOST:PORT, [IPv6]:PORT or unix:/path',
    ],
    [' 127.0.0.1:80', '" 127.0.0.1" is not a host name: write a name such as db.example.com'],
    ['127.0.0.1:80\n', '"127.0.0.1:80\\n" is not an address: write HOST:PORT, [IPv6]:PORT or unix:/path'],
    ['unix:', 'a path is missing after "unix:": write unix:/path'],
    ['unix:@', 'a name is missing after "unix:@": write unix:@name'],
    ['unix:@a\0b', 'a socket path cannot hold a NUL character: remove it'],
    ['unix:/a\0b', 'a socket path cannot hold a NUL character: remove it'],
  ])('parseAddress explains what is wrong with %j', (text, sentence) => {
    expect(parseAddress(text)).toBe(sentence)
  })

  it('parseAddress accepts a socket path of 107 bytes and refuses one of 108 bytes', () => {
    expect(parseAddress(`unix:/${'é'.repeat(53)}`)).toMatchObject({ kind: 'unix' })
    expect(parseAddress(`unix:/${'é'.repeat(53)}a`)).toBe(
      'the socket path has 108 bytes: write one of at most 107',
    )
  })

  it('parseAddress accepts an abstract name of 107 bytes and refuses one of 108 bytes', () => {
    expect(parseAddress(`unix:@${'a'.repeat(107)}`)).toMatchObject({ kind: 'unix' })
    expect(parseAddress(`unix:@${'a'.repeat(108)}`)).toBe(
      'the socket name has 108 bytes: write one of at most 107',
    )
  })

  it('parseAddress never throws, and formatAddress writes back each address that it accepts', () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((v6) => `[${v6}]`),
      fc.domain(),
      fc.string(),
    )
    const text = fc.oneof(
      fc.tuple(host, fc.nat(70_000)).map(([name, port]) => `${name}:${port}`),
      fc.string().map((path) => `unix:${path}`),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(text, (input) => {
        const address = parseAddress(input)
        if (typeof address === 'string') expect(address).not.toBe('')
        else expect(parseAddress(formatAddress(address))).toEqual(address)
      }),
      { numRuns: 2000 },
    )
  })

  it('parseAddress reads every IPv4 address, IPv6 address and domain name with every port', () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain())
    fc.assert(
      fc.property(host, fc.nat(65_535), (name, port) => {
        const text = formatAddress({ kind: 'tcp', host: name, port })
        expect(parseAddress(text)).toEqual({ kind: 'tcp', host: name, port })
      }),
    )
  })
})

describe('formatPeer', () => {
  it.each([
    [0x7f000001, 80, '127.0.0.1:80'],
    [0xffffffff, 65535, '255.255.255.255:65535'],
    [-1, 0, '255.255.255.255:0'],
    [0, 1, '0.0.0.0:1'],
  ])('formatPeer reads back a packed IPv4 address (%i, %i)', (ipv4, port, text) => {
    expect(formatPeer(packPeer(ipv4, port))).toBe(text)
  })

  it('formatPeer writes other peers as addresses, and an unknown peer as "unknown"', () => {
    expect(formatPeer({ kind: 'tcp', host: '::1', port: 2 })).toBe('[::1]:2')
    expect(formatPeer({ kind: 'unix', path: '' })).toBe('unix:')
    expect(formatPeer(undefined)).toBe('unknown')
  })
})

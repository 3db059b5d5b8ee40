/** Good ClientHellos are read alike, however they are cut. Bad ones are refused from their first wrong byte on. */
import { describe, expect, it } from 'vitest'
import { type ClientHello, MOST_HELLO_BYTES, readClientHello } from '../../src/peek/client-hello.js'
import {
  alpn,
  bytes,
  extension,
  type HelloParts,
  hello,
  message,
  records,
  serverName,
  supportedVersions,
  vector,
} from './hello-builder.js'

const GREASE = extension(0x0a0a, bytes(0))
const NONE: ClientHello = { serverName: undefined, alpn: [], versions: ['TLSv1.2'] }

const GOOD: readonly [string, HelloParts, Partial<ClientHello>][] = [
  ['only what it must have', {}, {}],
  ['no extensions', { version: 0x0301, extensions: undefined }, { versions: ['TLSv1'] }],
  ['a name', { extensions: [serverName('a.test')] }, { serverName: 'a.test' }],
  ['a name in capitals', { extensions: [serverName('WwW.A.TEST')] }, { serverName: 'www.a.test' }],
  ['a name with a trailing dot', { extensions: [serverName('a.test.')] }, { serverName: 'a.test' }],
  ['a name with an underscore', { extensions: [serverName('_x.a.test')] }, { serverName: '_x.a.test' }],
  [
    'a name of 253 characters',
    { extensions: [serverName(`${'a'.repeat(61)}.`.repeat(4) + 'b'.repeat(5))] },
    { serverName: `${'a'.repeat(61)}.`.repeat(4) + 'b'.repeat(5) },
  ],
  ['ALPN protocols', { extensions: [alpn('h2', 'http/1.1')] }, { alpn: ['h2', 'http/1.1'] }],
  [
    'versions and GREASE among them',
    { extensions: [supportedVersions(0x0a0a, 0x0304, 0x0303)] },
    { versions: ['TLSv1.3', 'TLSv1.2'] },
  ],
  ['an unknown version', { extensions: [supportedVersions(0x7f1c)] }, { versions: [] }],
  [
    'GREASE',
    {
      suites: bytes(0x0a, 0x0a, 0x13, 1),
      extensions: [GREASE, serverName('a.test'), extension(0x1a1a, Buffer.alloc(0))],
    },
    { serverName: 'a.test' },
  ],
  ['an empty session id', { sessionId: Buffer.alloc(0) }, {}],
  ['several compression methods', { compression: bytes(1, 0) }, {}],
  [
    'post-quantum key shares',
    { extensions: [extension(51, Buffer.alloc(1300)), serverName('a.test')] },
    { serverName: 'a.test' },
  ],
]

const emptyName = extension(0, vector(2, bytes(0), vector(2, '')))
const twoNames = extension(0, vector(2, bytes(0), vector(2, 'a.test'), bytes(0), vector(2, 'b.test')))
const BAD: readonly [string, Buffer, RegExp][] = [
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /^not TLS$/],
  ['a TLS alert', bytes(21, 3, 1, 0, 2, 2, 40), /^not TLS$/],
  ['an SSLv2 hello', bytes(0x80, 0x2e, 1, 3, 1), /SSLv2/],
  ['another record version', bytes(22, 2, 0, 0, 5), /^not TLS$/],
  ['an empty record', bytes(22, 3, 1, 0, 0), /record length/],
  ['a record that is too long', bytes(22, 3, 1, 0x40, 1), /record length/],
  [
    'an empty record in the middle',
    Buffer.concat([records(message().subarray(0, 9)), bytes(22, 3, 1, 0, 0)]),
    /record length/,
  ],
  [
    'a record of another content type in the middle',
    Buffer.concat([records(message().subarray(0, 9)), bytes(23)]),
    /not TLS/,
  ],
  ['a ServerHello', hello({ type: 2 }), /not a ClientHello/],
  ['a hello of more than 16 KiB', bytes(22, 3, 1, 1, 0, 1, 0, 0x80, 0), /too long/],
  ['another message in the same record', records(Buffer.concat([message(), message()])), /more than a hello/],
  ['bytes after the extensions', hello({ trailer: bytes(0) }), /lengths/],
  [
    'extensions that are cut short',
    hello({ extensions: [serverName('a.test').subarray(0, -1)] }),
    /cut short/,
  ],
  ['a session id of 33 bytes', hello({ sessionId: Buffer.alloc(33) }), /session id/],
  ['no cipher suite', hello({ suites: Buffer.alloc(0) }), /cipher suites/],
  ['half a cipher suite', hello({ suites: bytes(1) }), /cipher suites/],
  ['no compression', hello({ compression: Buffer.alloc(0) }), /compression/],
  ['the same extension twice', hello({ extensions: [serverName('a.test'), serverName('a.test')] }), /twice/],
  ['an empty list of names', hello({ extensions: [extension(0, vector(2, ''))] }), /server name/],
  ['an empty name extension', hello({ extensions: [extension(0, Buffer.alloc(0))] }), /server name/],
  ['an empty name', hello({ extensions: [emptyName] }), /server name/],
  ['two names', hello({ extensions: [twoNames] }), /server name/],
  [
    'a name of another type',
    hello({ extensions: [extension(0, vector(2, bytes(1), vector(2, 'a.test')))] }),
    /server name/,
  ],
  [
    'bytes after the name',
    hello({ extensions: [extension(0, Buffer.concat([vector(2, bytes(0), vector(2, 'a')), bytes(0)]))] }),
    /server name/,
  ],
  ...[
    '127.0.0.1',
    '::1',
    'a b',
    'a..b',
    '-a',
    'a/b',
    'a\0b',
    'a'.repeat(64),
    `${'a'.repeat(60)}.`.repeat(5),
    'ÿ.test',
    '*.a.test',
    '.',
    'a.test..',
  ].map((name): [string, Buffer, RegExp] => [
    `the name ${JSON.stringify(name).slice(0, 30)}`,
    hello({ extensions: [serverName(name)] }),
    /^server name: /,
  ]),
  [
    'the Kelvin sign for a K',
    hello({ extensions: [serverName(Buffer.from('\u212Aey.test'))] }),
    /^server name: /,
  ],
  ['an empty list of ALPN protocols', hello({ extensions: [extension(16, vector(2, ''))] }), /ALPN/],
  ['an empty ALPN protocol', hello({ extensions: [alpn('h2', '')] }), /ALPN/],
  [
    'an ALPN protocol that is cut short',
    hello({ extensions: [extension(16, vector(2, bytes(3, 0x68)))] }),
    /ALPN/,
  ],
  ['an empty list of versions', hello({ extensions: [extension(43, bytes(0))] }), /versions/],
  ['half a version', hello({ extensions: [extension(43, bytes(1, 3))] }), /versions/],
]

describe('a good ClientHello', () => {
  it.each(GOOD)('a ClientHello with %s is read', (_, parts, expected) => {
    const whole = hello(parts)
    const value = { ...NONE, ...expected }
    expect(readClientHello(whole)).toEqual({ kind: 'match', value, bytes: whole.length })
    // The bytes behind the ClientHello are left alone.
    const more = Buffer.concat([whole, bytes(20, 3, 3, 0, 1, 1)])
    expect(readClientHello(more)).toEqual({ kind: 'match', value, bytes: whole.length })
  })

  it.each(GOOD)('a ClientHello with %s needs more bytes until its last one', (_, parts) => {
    const whole = hello(parts)
    for (let length = 0; length < whole.length; length++) {
      expect(readClientHello(whole.subarray(0, length))).toEqual({ kind: 'need-more' })
    }
  })

  it.each(GOOD)(
    'a ClientHello with %s is read alike however it is cut into records',
    (_, parts, expected) => {
      const handshake = message(parts)
      for (const most of [1, 2, 3, 4, 5, 7, 40, 100]) {
        const cut = records(handshake, most)
        expect(readClientHello(cut)).toEqual({
          kind: 'match',
          value: { ...NONE, ...expected },
          bytes: cut.length,
        })
        for (let length = 0; length < cut.length; length += most + 3) {
          expect(readClientHello(cut.subarray(0, length))).toEqual({ kind: 'need-more' })
        }
      }
    },
  )

  it.each(GOOD)('a ClientHello with %s may be cut into two records at any byte', (_, parts) => {
    const handshake = message(parts)
    for (let at = 1; at < handshake.length; at++) {
      const cut = Buffer.concat([records(handshake.subarray(0, at)), records(handshake.subarray(at))])
      expect(readClientHello(cut).kind).toBe('match')
    }
  })
})

describe('a bad ClientHello', () => {
  it.each(BAD)('a client that sends %s is refused, also with more bytes behind it', (_, whole, reason) => {
    const answer = readClientHello(whole)
    expect(answer.kind).toBe('no-match')
    expect(answer.kind === 'no-match' && answer.reason).toMatch(reason)
    expect(readClientHello(Buffer.concat([whole, Buffer.alloc(100, 22)])).kind).toBe('no-match')
    for (let length = 0; length < whole.length; length++) {
      expect(readClientHello(whole.subarray(0, length)).kind).not.toBe('match')
    }
  })

  it.each([
    ['the first byte', bytes(0x47)],
    ['the second byte', bytes(22, 2)],
    ['the record length', bytes(22, 3, 1, 0, 0)],
    ['the message type', bytes(22, 3, 1, 0, 9, 2)],
    ['the message length', bytes(22, 3, 1, 0, 9, 1, 1, 0, 0)],
  ])('a bad ClientHello is noticed at %s', (_, beginning) => {
    expect(readClientHello(beginning.subarray(0, -1)).kind).not.toBe('match')
    expect(readClientHello(beginning).kind).toBe('no-match')
  })

  it('a ClientHello of more than 16 KiB is refused', () => {
    const large = records(message({ extensions: [extension(21, Buffer.alloc(16_200))] }), 20)
    expect(readClientHello(large.subarray(0, MOST_HELLO_BYTES - 1)).kind).toBe('need-more')
    expect(readClientHello(large.subarray(0, MOST_HELLO_BYTES))).toEqual({
      kind: 'no-match',
      reason: 'hello too long',
    })
  })
})

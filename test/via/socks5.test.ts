/** The messages of SOCKS5, byte by byte, and readers that hostile bytes cannot confuse. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Answer } from '../../src/peek/answer.js'
import {
  connectMessage,
  greeting,
  MOST_REPLY_BYTES,
  passwordMessage,
  readMethod,
  readPasswordAnswer,
  readReply,
} from '../../src/via/socks5.js'

const bytes = (...all: number[]) => Buffer.from(all)
const address = (host: string, port = 443) => ({ kind: 'tcp', host, port }) as const

describe('what millrace sends to a SOCKS5 server', () => {
  it('a greeting offers a password only if there is one', () => {
    expect(greeting(false)).toEqual(bytes(5, 1, 0))
    expect(greeting(true)).toEqual(bytes(5, 2, 0, 2))
  })

  it('user and password are sent with their lengths in bytes', () => {
    expect(passwordMessage({ user: 'é', password: 'abc' })).toEqual(
      bytes(1, 2, 0xc3, 0xa9, 3, 0x61, 0x62, 0x63),
    )
  })

  it.each<[string, string, Buffer]>([
    ['an IPv4 address', '192.0.2.7', bytes(5, 1, 0, 1, 192, 0, 2, 7, 1, 187)],
    [
      'an IPv6 address',
      '2001:db8::7',
      Buffer.concat([bytes(5, 1, 0, 4, 0x20, 1, 0xd, 0xb8), Buffer.alloc(11), bytes(7, 1, 187)]),
    ],
    [
      'an IPv6 address without its zone',
      'fe80::1%eth0',
      Buffer.concat([bytes(5, 1, 0, 4, 0xfe, 0x80), Buffer.alloc(13), bytes(1, 1, 187)]),
    ],
    [
      'a name, unresolved',
      'db.internal',
      Buffer.concat([bytes(5, 1, 0, 3, 11), Buffer.from('db.internal'), bytes(1, 187)]),
    ],
    [
      'localhost as a name',
      'localhost',
      Buffer.concat([bytes(5, 1, 0, 3, 9), Buffer.from('localhost'), bytes(1, 187)]),
    ],
  ])('a request asks for %s', (_, host, expected) => {
    expect(connectMessage(address(host))).toEqual(expected)
  })
})

describe('what a SOCKS5 server answers', () => {
  it.each<[string, Answer<unknown>, Answer<unknown>]>([
    ['no authentication', readMethod(bytes(5, 0)), { kind: 'match', value: 'none', bytes: 2 }],
    ['a password', readMethod(bytes(5, 2)), { kind: 'match', value: 'password', bytes: 2 }],
    ['that no method fits', readMethod(bytes(5, 255)), { kind: 'match', value: 'none-fits', bytes: 2 }],
    [
      'a method that was not offered',
      readMethod(bytes(5, 1)),
      { kind: 'no-match', reason: 'bad authentication method' },
    ],
    ['as SOCKS4', readMethod(bytes(0, 90)), { kind: 'no-match', reason: 'not a SOCKS5 server' }],
    [
      'as an HTTP server',
      readMethod(Buffer.from('HTTP/1.1 400')),
      { kind: 'no-match', reason: 'not a SOCKS5 server' },
    ],
    [
      'that it accepts the password',
      readPasswordAnswer(bytes(1, 0)),
      { kind: 'match', value: true, bytes: 2 },
    ],
    [
      'that it refuses the password',
      readPasswordAnswer(bytes(1, 1)),
      { kind: 'match', value: false, bytes: 2 },
    ],
    [
      'to the password in another version',
      readPasswordAnswer(bytes(5, 0)),
      { kind: 'no-match', reason: 'bad answer to the password' },
    ],
    [
      'success with an IPv4 address',
      readReply(bytes(5, 0, 0, 1, 1, 2, 3, 4, 0, 80, 83)),
      { kind: 'match', value: 0, bytes: 10 },
    ],
    [
      'success with an IPv6 address',
      readReply(Buffer.concat([bytes(5, 0, 0, 4), Buffer.alloc(19)])),
      { kind: 'match', value: 0, bytes: 22 },
    ],
    [
      'success with a name',
      readReply(bytes(5, 0, 0, 3, 2, 97, 98, 0, 80, 83, 83)),
      { kind: 'match', value: 0, bytes: 9 },
    ],
    [
      'success with an empty name',
      readReply(bytes(5, 0, 0, 3, 0, 0, 80)),
      { kind: 'match', value: 0, bytes: 7 },
    ],
    [
      'success with an unknown type of address',
      readReply(bytes(5, 0, 0, 2)),
      { kind: 'no-match', reason: 'bad reply' },
    ],
    ['a failure without an address', readReply(bytes(5, 5)), { kind: 'match', value: 5, bytes: 2 }],
    ['a reply of another version', readReply(bytes(4, 0)), { kind: 'no-match', reason: 'bad reply' }],
  ])('a server answers %s', (_, answer, expected) => {
    expect(answer).toEqual(expected)
  })
})

const READERS = { readMethod, readPasswordAnswer, readReply }
/** Bytes that begin like an answer more often than chance would have it. */
const likely = fc
  .tuple(
    fc.constantFrom(5, 1, 4),
    fc.constantFrom(0, 1, 2, 5, 255),
    fc.constant(0),
    fc.constantFrom(1, 3, 4, 9),
    fc.uint8Array({ maxLength: 300 }),
  )
  .map(([version, code, zero, type, rest]) => Buffer.from([version, code, zero, type, ...rest]))
const any = fc.oneof(
  likely,
  fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each)),
)

describe.each(Object.entries(READERS))(
  '%s and hostile bytes',
  (name, read: (bytes: Buffer) => Answer<unknown>) => {
    it(`${name} answers the same for every piece of the bytes, and never needs more than there can be`, () => {
      fc.assert(
        fc.property(any, (whole) => {
          const answer = read(whole)
          for (let length = 0; length <= whole.length; length++) {
            const part = read(whole.subarray(0, length))
            const isSettled = part.kind === 'no-match' || (part.kind === 'match' && part.bytes <= length)
            if (part.kind === 'need-more') expect(length).toBeLessThan(MOST_REPLY_BYTES)
            else if (isSettled) expect(part).toEqual(answer)
            else expect.fail(`took ${JSON.stringify(part)} of ${length} bytes`)
          }
        }),
      )
    })

    it(`${name} takes no byte behind its answer`, () => {
      fc.assert(
        fc.property(any, fc.uint8Array({ maxLength: 20 }), (whole, more) => {
          const answer = read(whole)
          fc.pre(answer.kind !== 'need-more')
          expect(read(Buffer.concat([whole, more]))).toEqual(answer)
        }),
      )
    })
  },
)

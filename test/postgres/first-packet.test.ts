/** The first packet of a Postgres client, and packets that are refused because they could be read in two ways. */
import { describe, expect, it } from 'vitest'
import { readFirstPacket } from '../../src/postgres/first-packet.js'
import { readTlsAnswer } from '../../src/postgres/tls-answer.js'
import { cancelOf, GSS_REQUEST, packet, startUpOf, TLS_REQUEST } from '../support/postgres-packets.js'

const key = Buffer.from([1, 2, 3, 4])
const version3 = Buffer.from([0, 3, 0, 0])

describe('the first packet of a Postgres client', () => {
  it.each<[string, Buffer, object]>([
    ['SSLRequest', TLS_REQUEST, { kind: 'tls-request' }],
    ['GSSENCRequest', GSS_REQUEST, { kind: 'gss-request' }],
    [
      'StartupMessage',
      startUpOf({ user: 'a', database: 'b' }),
      { kind: 'start-up', user: 'a', database: 'b' },
    ],
    [
      'a StartupMessage of protocol 3.2',
      startUpOf({ user: 'a' }, 0x0003_0002),
      { kind: 'start-up', user: 'a', database: 'a' },
    ],
    [
      'a StartupMessage without a database',
      startUpOf({ user: 'a' }),
      { kind: 'start-up', user: 'a', database: 'a' },
    ],
    [
      'a StartupMessage with an empty database',
      startUpOf({ database: '', user: 'a' }),
      { kind: 'start-up', user: 'a', database: 'a' },
    ],
    [
      'a StartupMessage with names beyond ASCII',
      startUpOf({ user: 'Ü' }),
      { kind: 'start-up', user: 'Ü', database: 'Ü' },
    ],
    ['CancelRequest', cancelOf(7, key), { kind: 'cancel', session: '0000000701020304' }],
    ['a CancelRequest with a long key', cancelOf(7, Buffer.alloc(256, 1)), { kind: 'cancel' }],
  ])('the first packet of a Postgres client may be %s, and is read at its last byte', (_, bytes, value) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(readFirstPacket(bytes.subarray(0, length)).kind).toBe('need-more')
    }
    expect(readFirstPacket(bytes)).toMatchObject({ kind: 'match', value, bytes: bytes.length })
  })

  it('the first packet of a Postgres client may be a ClientHello, of which no byte is taken', () => {
    expect(readFirstPacket(Buffer.from([22]))).toEqual({ kind: 'match', value: { kind: 'hello' }, bytes: 0 })
  })

  it.each([
    ['SSLRequest', TLS_REQUEST],
    ['GSSENCRequest', GSS_REQUEST],
  ])('a Postgres client that sends bytes behind %s is refused', (_, bytes) => {
    const answer = readFirstPacket(Buffer.concat([bytes, Buffer.from('x')]))
    expect(answer).toEqual({ kind: 'no-match', reason: 'bytes before the handshake' })
  })

  it.each<[string, Buffer, string]>([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 'not Postgres'],
    ['a packet that is too long', Buffer.from([0, 0, 0x27, 0x11]), 'bad length'],
    ['a packet that is too short', Buffer.from([0, 0, 0, 7]), 'bad length'],
    ['an SSLRequest with a body', packet(TLS_REQUEST.subarray(4), Buffer.alloc(1)), 'bad length'],
    ['a cancel request without a key', cancelOf(1, Buffer.alloc(0)), 'bad length'],
    ['a cancel request with too long a key', cancelOf(1, Buffer.alloc(257)), 'bad length'],
    ['protocol 2', startUpOf({ user: 'a' }, 0x0002_0000), 'unknown protocol version'],
    ['no user', startUpOf({ database: 'a' }), 'no user'],
    ['an empty user', startUpOf({ user: '' }), 'no user'],
    ['two users', packet(version3, Buffer.from('user\0a\0user\0b\0\0')), 'user twice'],
    [
      'two databases',
      packet(version3, Buffer.from('user\0a\0database\0b\0database\0c\0\0')),
      'database twice',
    ],
    ['a name that servers would cut off', startUpOf({ user: 'u'.repeat(64) }), 'user too long'],
    [
      'a packet without a zero at its end',
      packet(version3, Buffer.from('user\0a\0')),
      'parameters do not end where they should',
    ],
    [
      'bytes behind the end of the packet',
      packet(version3, Buffer.from('user\0a\0\0x')),
      'parameters do not end where they should',
    ],
    ['a parameter that is cut short', packet(version3, Buffer.from('user\0a')), 'parameter cut short'],
  ])('the first packet of a Postgres client is refused: %s', (_, bytes, reason) => {
    expect(readFirstPacket(bytes)).toEqual({ kind: 'no-match', reason })
  })
})

describe('a backend that is asked for TLS', () => {
  it('a Postgres backend agrees to TLS with one byte', () => {
    expect(readTlsAnswer(Buffer.alloc(0)).kind).toBe('need-more')
    expect(readTlsAnswer(Buffer.from('S'))).toEqual({ kind: 'match', value: true, bytes: 1 })
  })

  it.each([
    ['N', 'the backend offers no TLS'],
    ['Exxx', 'the backend answered with an error'],
    ['H', 'not Postgres'],
    ['SS', 'bytes before the handshake'],
  ])('a Postgres backend that answers %s to a request for TLS is refused', (text, reason) => {
    expect(readTlsAnswer(Buffer.from(text))).toEqual({ kind: 'no-match', reason })
  })
})

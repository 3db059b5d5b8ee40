/** What millrace takes a client's first bytes for: real clients, single bytes, damaged bytes, and bytes of the user's own. */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { PROTOCOLS as NAMES } from '../../../src/config/schemas/speaks-schema.js'
import { Detection, PROTOCOLS, type Protocol } from '../../../src/peek/speaks/protocols.js'
import { encodeProxyHeader } from '../../../src/proxy-protocol/encode.js'
import { helloOf } from '../../support/hello.js'
import { cancelOf, GSS_REQUEST, startUpOf, TLS_REQUEST } from '../../support/postgres-packets.js'

const V1 = encodeProxyHeader(1, {})
const V2 = encodeProxyHeader(2, {})

/** [MS-RDPBCGR] section 4.1.1: the first packet of mstsc, made by hand from the dump there. */
const RDP = Buffer.concat([
  Buffer.from('0300002c27e00000000000', 'hex'),
  Buffer.from('Cookie: mstshash=eltons\r\n'),
  Buffer.from('0100080000000000', 'hex'),
])

/** First bytes of each protocol. */
const SAMPLES: Record<Exclude<Protocol, 'tls'>, readonly (Buffer | string)[]> = {
  http: [
    'GET / HTTP/1.1\r\n',
    'OPTIONS * HTTP/1.0\n',
    'CONNECT a.test:443 HTTP/1.1\r\n',
    'PROPFIND http://a.test/\xe4 HTTP/1.1\r\n',
    'VERSION-CONTROL /x HTTP/1.1\r\n',
    'PRI * HTTP/2.0\r\n',
    `GET /${'x'.repeat(16_300)} HTTP/1.1\r\n`,
  ],
  ssh: ['SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n', 'SSH-1.99-PuTTY\r\n'],
  postgres: [
    TLS_REQUEST,
    GSS_REQUEST,
    cancelOf(7, Buffer.alloc(4)),
    cancelOf(7, Buffer.alloc(256)),
    startUpOf({ user: 'app' }),
    startUpOf({ user: 'app' }, 0x0003_0002),
  ],
  rdp: [RDP, Buffer.from('0300000b06e00000000000', 'hex'), Buffer.from('0300000b06e00000123400', 'hex')],
  redis: [
    '*1\r\n$4\r\nPING\r\n',
    '*1000000\r\n$3\r\nDEL\r\n',
    'PING\r\n',
    'ping\n',
    'Info\r\n',
    'AUTH secret\r\n',
  ],
  proxy: [V1, V2],
}

const bytesOf = (sample: Buffer | string): Buffer =>
  typeof sample === 'string' ? Buffer.from(sample, 'latin1') : sample

const ALL = Object.keys(PROTOCOLS) as Protocol[]
const all = new Detection(ALL)
const samples: [Protocol, Buffer][] = Object.entries(SAMPLES).flatMap(([name, each]) =>
  each.map((sample): [Protocol, Buffer] => [name as Protocol, bytesOf(sample)]),
)

beforeAll(async () => {
  samples.push(
    ['tls', await helloOf({})],
    ['tls', await helloOf({ servername: 'a.test', minVersion: 'TLSv1.2' })],
  )
})

const said = (bytes: Buffer) => {
  const answer = all.answer(bytes)
  return answer.kind === 'match' ? answer.value : answer.kind
}

it('the config knows the same protocols as the detection', () => {
  expect([...NAMES].sort()).toEqual(ALL.toSorted())
})

it('the first bytes of each protocol are taken for this protocol and for no other', () => {
  for (const [name, bytes] of samples) expect([name, said(bytes)]).toEqual([name, [name]])
})

it('the first bytes of a client are taken for the same, however few of them come at a time', () => {
  for (const [name, bytes] of samples) {
    const { length } = bytes
    let at = 0
    while (at < length && said(bytes.subarray(0, at)) === 'need-more') at++
    expect([name, said(bytes.subarray(0, at))]).toEqual([name, [name]])
    // PROXY may also be the method of a request.
    if (name !== 'http') expect(at).toBeLessThanOrEqual(16)
  }
})

describe('bytes that are taken for nothing', () => {
  it.each<[string, Buffer | string]>([
    ['another line of Redis', 'GET /a\r\n'],
    ['an array of Redis without items', '*0\r\n$4'],
    ['an array of Redis with too many digits', '*10000000\r\n$4'],
    ['an array of Redis with a number in it', '*1\r\n:4'],
    ['a message of IRC', 'PING :x\r\n'],
    ['a request of SIP with a word of Redis', 'INFO sip:a@b.test SIP/2.0\r\n'],
    ['a request in memcached', 'get a\r\n'],
    ['a method in small letters', 'get / HTTP/1.1\r\n'],
    ['a request of RTSP', 'OPTIONS rtsp://a.test/ RTSP/1.0\r\n'],
    ['a request of SIP', 'OPTIONS sip:a@b.test SIP/2.0\r\n'],
    ['a request line without a target', 'GET  HTTP/1.1\r\n'],
    ['a request line with a space too many', 'GET /a b HTTP/1.1\r\n'],
    ['a version with more digits', 'GET / HTTP/1.10\r\n'],
    ['a word of 25 letters', 'A'.repeat(25)],
    ['a target longer than 16 KiB', `GET /${'x'.repeat(16 * 1024)}`],
    ['a target that reaches 16 KiB with its version', `GET /${'x'.repeat(16 * 1024 - 12)} HTTP/1`],
    ['an alert of TLS', Buffer.from('15030100020230', 'hex')],
    ['a ServerHello', Buffer.from('160303005a02', 'hex')],
    ['a hello of SSLv2', Buffer.from('802e0103010015', 'hex')],
    ['a record of TLS without bytes', Buffer.from('160301000001', 'hex')],
    ['a start-up of Postgres 2', startUpOf({ user: 'app' }, 0x0002_0000)],
    ['a start-up of Postgres that is too long', Buffer.from('0000271100030000', 'hex')],
    ['a request for TLS of Postgres with another length', Buffer.from('0000000904d2162f', 'hex')],
    ['another version of TPKT', Buffer.from('0200000b06e00000000000', 'hex')],
    ['a TPKT packet longer than its X.224 packet', Buffer.from('0300000c06e00000000000', 'hex')],
    ['data in X.224', Buffer.from('0300000b06f00000000000', 'hex')],
    ['a connection request in X.224 without its class', Buffer.from('0300000a05e000000000', 'hex')],
    ['a connection request in X.224 of another class', Buffer.from('0300000b06e00000000040', 'hex')],
    ['a connection request in X.224 with the reserved length', Buffer.from('03000104ffe00000000000', 'hex')],
    ['small letters of SSH', 'ssh-2.0-x\r\n'],
    ['small letters of a PROXY header', 'proxy TCP4'],
  ])('%s is taken for no protocol', (_, bytes) => {
    expect(said(bytesOf(bytes))).toEqual([])
  })
})

describe('bytes of the user', () => {
  it('bytes in hex match clients that begin with them, and wait for all of them', () => {
    const detection = new Detection(['hex:2a310d0a'])
    const kinds = ['', '*', '*1\r', '*1\r\n', '*1\r\n$4'].map((text) => detection.answer(Buffer.from(text)))
    expect(kinds.map((answer) => (answer.kind === 'match' ? answer.value : answer.kind))).toEqual([
      'need-more',
      'need-more',
      'need-more',
      ['hex:2a310d0a'],
      ['hex:2a310d0a'],
    ])
    expect(detection.answer(Buffer.from('*2'))).toEqual({ kind: 'match', value: [], bytes: 0 })
  })

  it('a client may match several, which are told in their order, and as long as one is open it is waited for', () => {
    const detection = new Detection(['hex:5353482d322e', 'ssh', 'hex:53'])
    expect(detection.answer(Buffer.from('SSH-')).kind).toBe('need-more')
    expect(detection.matches(Buffer.from('SSH-'))).toEqual(['ssh', 'hex:53'])
    expect(detection.answer(Buffer.from('SSH-2.0'))).toMatchObject({
      value: ['hex:5353482d322e', 'ssh', 'hex:53'],
    })
    expect(detection.answer(Buffer.from('SSH-1.5'))).toMatchObject({ value: ['ssh', 'hex:53'] })
  })

  it('a detection looks at no more bytes than its longest protocol needs', () => {
    expect(new Detection(['ssh', 'hex:00']).mostBytes).toBe(4)
    expect(new Detection(['tls', 'postgres', 'rdp', 'proxy']).mostBytes).toBe(12)
    expect(all.mostBytes).toBe(16 * 1024)
  })
})

it('damaged first bytes get one of three answers, which holds whatever follows', () => {
  const damaged = fc
    .tuple(
      fc.nat(),
      fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 }),
      fc.uint8Array({ maxLength: 20 }),
    )
    .map(([which, changes, more]) => {
      const bytes = Buffer.from(samples[which % samples.length]![1].subarray(0, 100))
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
      return Buffer.concat([bytes, more])
    })
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 40 })), (array) => {
      const bytes = Buffer.from(array)
      for (const name of ALL) {
        const { detect, mostBytes } = PROTOCOLS[name]
        let before = 'need-more'
        for (let length = 0; length <= bytes.length; length++) {
          const now = detect(bytes.subarray(0, length))
          if (before !== 'need-more' && now !== before) throw new Error(`${name}: ${before}, then ${now}`)
          if (length >= mostBytes && now === 'need-more')
            throw new Error(`${name} needs more than there can be`)
          before = now
        }
      }
    }),
    { numRuns: 2000 },
  )
})

/** What a backend gets of a request: every byte, except for the fields that millrace writes itself. */
import { describe, expect, it } from 'vitest'
import { type ForwardFacts, forwardedHead } from '../../../src/websocket/forwarding/forward.js'
import { MOST_FIELDS, MOST_HEAD_BYTES } from '../../../src/websocket/heads/head.js'
import { readRequestHead } from '../../../src/websocket/heads/request-head.js'
import { headOf, requests, upgradeHead } from '../heads.js'

const FACTS: ForwardFacts = {
  clientHost: '192.0.2.7',
  proto: 'https',
  mode: 'replace',
  clientField: undefined,
  closes: false,
}

function send(bytes: Buffer, facts: Partial<ForwardFacts> = {}) {
  const answer = readRequestHead(bytes)
  if (answer.kind !== 'match') expect.fail(JSON.stringify(answer))
  return forwardedHead(bytes, answer.value, { ...FACTS, ...facts })
}

/** The lines that the backend gets, without the empty ones at the end. */
function forwarded(bytes: Buffer, facts: Partial<ForwardFacts> = {}): string[] {
  const sent = send(bytes, facts)
  if (!Buffer.isBuffer(sent)) expect.fail(JSON.stringify(sent))
  expect(readRequestHead(sent)).toMatchObject({ kind: 'match', bytes: sent.length })
  return sent.toString('latin1').split('\r\n').slice(0, -2)
}

const START = 'GET /a?b HTTP/1.1'
const HOST = 'Host: a'
const FOR = 'X-Forwarded-For: 192.0.2.7'
const PROTO = 'X-Forwarded-Proto: https'
const OURS = [FOR, PROTO, 'X-Forwarded-Host: a']

describe.each(requests)('forwarding of $name', ({ name, bytes }) => {
  const lines = bytes.toString('latin1').split('\r\n').slice(0, -2)

  it(`${name} is forwarded byte for byte with xForwarded: off`, () => {
    expect(forwarded(bytes, { mode: 'off' })).toEqual(lines)
  })

  it(`${name} is forwarded byte for byte behind the fields of millrace`, () => {
    const [start, ...fields] = lines
    const sent = forwarded(bytes)
    expect(sent[0]).toBe(start)
    expect(sent[1]).toBe(FOR)
    expect(sent.slice(sent.length - fields.length)).toEqual(fields)
  })
})

const THEIRS = [
  'x-forwarded-for:  10.0.0.1 ,10.0.0.2',
  'X-FORWARDED-PROTO: gopher',
  'X-Forwarded-Host: evil',
  'X-Forwarded-For: 10.0.0.3',
  'X-Forwarded-Port: 1',
  'X_Forwarded_For: 10.0.0.4',
  'x_forwarded_proto: ftp',
  'Forwarded: for=10.0.0.5',
  'X-Real-IP: 10.0.0.6',
]
const withTheirs = headOf(START, HOST, ...THEIRS)

describe('xForwarded: replace', () => {
  it('xForwarded: replace drops all fields that say who the client is', () => {
    expect(forwarded(withTheirs)).toEqual([START, ...OURS, HOST])
  })

  it.each([
    'Forwarded',
    'X-Real-IP',
    'x_real_ip',
    'X-Forwarded-Port',
    'X_FORWARDED_SSL',
    'X.Forwarded.For',
    'X-Forwarded_Anything',
    'True-Client-IP',
    'CF-Connecting-IP',
    'cf_connecting_ip',
    'X-Original-URL',
    'X-Rewrite-URL',
  ])('xForwarded: replace drops %s', (name) => {
    expect(forwarded(headOf(START, HOST, `${name}: 6.6.6.6`, 'X-Kept: 1'))).toEqual([
      START,
      ...OURS,
      HOST,
      'X-Kept: 1',
    ])
  })

  it('xForwarded: replace drops the field that clientFrom reads', () => {
    const sent = forwarded(headOf(START, HOST, 'X-My_Client: 1'), { clientField: 'x-my-client' })
    expect(sent).toEqual([START, ...OURS, HOST])
  })

  it('xForwarded: replace writes no X-Forwarded-For for a client without an address', () => {
    expect(forwarded(withTheirs, { clientHost: undefined })).toEqual([START, ...OURS.slice(1), HOST])
  })

  it('xForwarded: replace writes the host as it was sent, or that of the target, or none', () => {
    expect(forwarded(headOf('GET / HTTP/1.1', 'Host: A.:80'))[3]).toBe('X-Forwarded-Host: A.:80')
    expect(forwarded(headOf('GET http://a/ HTTP/1.0'))[3]).toBe('X-Forwarded-Host: a')
    expect(forwarded(headOf('GET / HTTP/1.0'))).toEqual(['GET / HTTP/1.0', FOR, PROTO])
  })
})

describe('xForwarded: append', () => {
  const append = (...fields: string[]) => forwarded(headOf(START, HOST, ...fields), { mode: 'append' })

  it('xForwarded: append adds the client to X-Forwarded-For, and keeps the other fields', () => {
    expect(append(...THEIRS)).toEqual([
      START,
      'X-Forwarded-For: 10.0.0.1 ,10.0.0.2, 10.0.0.3, 192.0.2.7',
      HOST,
      'X-FORWARDED-PROTO: gopher',
      'X-Forwarded-Host: evil',
      'X-Forwarded-Port: 1',
      'Forwarded: for=10.0.0.5',
      'X-Real-IP: 10.0.0.6',
    ])
  })

  it('xForwarded: append writes fields that did not come, came empty, or in another spelling', () => {
    expect(append()).toEqual([START, ...OURS, HOST])
    expect(append('X-Forwarded-For:', 'X-Forwarded-Proto:', 'X-Forwarded-Host: ')).toEqual([
      START,
      ...OURS,
      HOST,
    ])
    expect(append('X_Forwarded_Proto: http', 'X-Forwarded_Host: evil')).toEqual([START, ...OURS, HOST])
    expect(append('X-Forwarded-Proto: http')).toEqual([START, FOR, OURS[2], HOST, 'X-Forwarded-Proto: http'])
  })

  it('xForwarded: append leaves X-Forwarded-For as it is if the client has no address', () => {
    const sent = forwarded(headOf(START, HOST, 'X-Forwarded-For: 10.0.0.1'), {
      mode: 'append',
      clientHost: undefined,
    })
    expect(sent).toEqual([START, 'X-Forwarded-For: 10.0.0.1', ...OURS.slice(1), HOST])
  })
})

describe('xForwarded: forwarded', () => {
  const mode = 'forwarded'

  it('xForwarded: forwarded writes Forwarded as in RFC 7239, and drops what replace drops', () => {
    expect(forwarded(withTheirs, { mode })).toEqual([
      START,
      'Forwarded: for=192.0.2.7;host=a;proto=https',
      HOST,
    ])
  })

  it('xForwarded: forwarded quotes values that are no tokens', () => {
    const sent = forwarded(headOf(START, 'Host: a:8080'), { mode, clientHost: '2001:db8::7', proto: 'http' })
    expect(sent[1]).toBe('Forwarded: for="[2001:db8::7]";host="a:8080";proto=http')
  })

  it('xForwarded: forwarded writes for=unknown for a client without an address', () => {
    const sent = forwarded(headOf('GET / HTTP/1.0'), { mode, clientHost: undefined })
    expect(sent[1]).toBe('Forwarded: for=unknown;proto=https')
  })
})

it('xForwarded: off leaves all fields as they came', () => {
  expect(forwarded(withTheirs, { mode: 'off' })).toEqual([START, HOST, ...THEIRS])
})

describe('the limits of a forwarded head', () => {
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `x-${i}:`)

  it.each<[Partial<ForwardFacts>, number]>([
    [{ mode: 'replace' }, 3],
    [{ mode: 'replace', closes: true }, 4],
    [{ mode: 'forwarded' }, 1],
    [{ mode: 'off', closes: true }, 1],
    [{ mode: 'off' }, 0],
  ])('a forwarded head has at most 100 fields, those of millrace included: %j', (facts, ours) => {
    const most = headOf(START, HOST, ...fields(MOST_FIELDS - ours - 1))
    expect(forwarded(most, facts)).toHaveLength(1 + MOST_FIELDS)
    if (ours === 0) return
    const refusal = { kind: 'no-match', reason: 'head of more than 100 fields', status: 431 }
    expect(send(headOf(START, HOST, ...fields(MOST_FIELDS - ours)), facts)).toEqual(refusal)
  })

  it('a forwarded head has at most 16 KiB, the fields of millrace included', () => {
    const ours = OURS.reduce((sum, line) => sum + line.length + 2, 0)
    const spare = MOST_HEAD_BYTES - headOf(START, HOST, 'X: ').length - ours
    expect(send(headOf(START, HOST, `X: ${'a'.repeat(spare)}`))).toHaveLength(MOST_HEAD_BYTES)
    const refusal = { kind: 'no-match', reason: 'head of more than 16384 bytes', status: 431 }
    expect(send(headOf(START, HOST, `X: ${'a'.repeat(spare + 1)}`))).toEqual(refusal)
  })
})

it('empty lines before a request are not forwarded', () => {
  const bytes = Buffer.concat([Buffer.from('\r\n\r\n'), headOf(START, HOST)])
  expect(forwarded(bytes, { mode: 'off' })).toEqual([START, HOST])
})

describe('ordinary requests', () => {
  const closing = (...lines: string[]) =>
    forwarded(headOf(START, HOST, ...lines), { mode: 'off', closes: true })
  const CLOSED = [START, 'Connection: close', HOST]

  it('an ordinary request is forwarded with Connection: close', () => {
    expect(closing()).toEqual(CLOSED)
    expect(closing('connection: keep-alive', 'Connection: close')).toEqual(CLOSED)
  })

  it('an ordinary request is forwarded without its fields for one hop', () => {
    const hop = ['Keep-Alive: timeout=5', 'Upgrade: h2c', 'Proxy-Connection: keep-alive', 'HTTP2-Settings: x']
    const sent = closing('Connection: Upgrade, HTTP2-Settings', ...hop, 'X: kept')
    expect(sent).toEqual([...CLOSED, 'X: kept'])
  })

  it('an ordinary request is forwarded without the fields that Connection names', () => {
    expect(closing('TE: trailers', 'X-Secret: 1', 'Connection: te , x-SECRET')).toEqual(CLOSED)
  })

  it.each([
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    'X-Forwarded-For: 10.0.0.1',
    'X-Forwarded-Proto: https',
    'Forwarded: for=10.0.0.1',
    'X-Real-IP: 10.0.0.1',
  ])('an ordinary request keeps %s, even if Connection names it', (line) => {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    expect(closing(line, `Connection: host, ${name}`)).toEqual([...CLOSED, line])
  })
})

it('an upgrade is forwarded with its Connection and the fields that it names', () => {
  const bytes = upgradeHead({ Connection: 'Connection: Upgrade, X' }, 'X: 1', 'Keep-Alive: 5')
  expect(forwarded(bytes, { mode: 'off' }).join('\r\n')).toBe(bytes.toString('latin1').slice(0, -4))
})

/** Good heads, however they come: at once, byte by byte, in any two pieces, with something behind them. */
import { describe, expect, it } from 'vitest'
import { MOST_FIELDS, MOST_HEAD_BYTES } from '../../../src/websocket/heads/head.js'
import { readRequestHead } from '../../../src/websocket/heads/request-head.js'
import { readResponseHead } from '../../../src/websocket/heads/response-head.js'
import { headOf, requests, responses } from '../heads.js'

const PAYLOADS = [
  '\0',
  '\r',
  '\n',
  '\r\n\r\n',
  ' ',
  'GET / HTTP/1.1\r\n\r\n',
  '\x81\x05hello',
  'x'.repeat(20_000),
]

describe.each([
  ...requests.map((vector) => ({ ...vector, readHead: readRequestHead })),
  ...responses.map((vector) => ({ ...vector, readHead: readResponseHead })),
])('reading of $name', ({ name, bytes, facts, readHead }) => {
  const match = readHead(bytes)

  it(`the reader of heads reads ${name} to its last byte`, () => {
    expect(match).toMatchObject({ kind: 'match', value: facts, bytes: bytes.length })
  })

  it(`the reader of heads needs more at every byte before the last of ${name}`, () => {
    const answers = Array.from(bytes, (_, length) => readHead(bytes.subarray(0, length)).kind)
    expect(new Set(answers)).toEqual(new Set(['need-more']))
  })

  it.each(PAYLOADS)(`the reader of heads ends ${name} where the payload %j begins`, (payload) => {
    expect(readHead(Buffer.concat([bytes, Buffer.from(payload)]))).toEqual(match)
  })
})

describe('the longest head', () => {
  const lines = ['GET / HTTP/1.1', 'Host: a']
  const spare = MOST_HEAD_BYTES - headOf(...lines, 'X: ').length

  it('a head of 16 KiB is accepted', () => {
    const bytes = headOf(...lines, `X: ${'a'.repeat(spare)}`)
    expect(readRequestHead(bytes)).toMatchObject({ kind: 'match', bytes: MOST_HEAD_BYTES })
    expect(readRequestHead(bytes.subarray(0, -1)).kind).toBe('need-more')
  })

  it('a head of one byte more than 16 KiB is refused before that byte has come', () => {
    const bytes = headOf(...lines, `X: ${'a'.repeat(spare + 1)}`)
    const refusal = { kind: 'no-match', reason: 'head of more than 16384 bytes', status: 431 }
    expect(readRequestHead(bytes)).toEqual(refusal)
    expect(readRequestHead(bytes.subarray(0, MOST_HEAD_BYTES))).toEqual(refusal)
    expect(readRequestHead(bytes.subarray(0, MOST_HEAD_BYTES - 1)).kind).toBe('need-more')
  })

  it('a head of 100 fields is accepted, and one of 101 is refused', () => {
    const fields = Array.from({ length: MOST_FIELDS }, () => 'x:')
    expect(readResponseHead(headOf('HTTP/1.1 200 OK', ...fields)).kind).toBe('match')
    const refusal = { kind: 'no-match', reason: 'head of more than 100 fields', status: 431 }
    expect(readRequestHead(headOf('GET / HTTP/1.1', ...fields, 'x:'))).toEqual(refusal)
  })

  it.each(['GET /', 'GET / HTTP/1.1\r\nX: ', 'GET /?', 'GET / HTTP/1.1\r\n'])(
    'a head of %j and 16 KiB of the letter a is refused',
    (start) => {
      const bytes = Buffer.concat([Buffer.from(start), Buffer.alloc(MOST_HEAD_BYTES, 'a')])
      expect(readRequestHead(bytes)).toMatchObject({ kind: 'no-match', status: 431 })
    },
  )
})

describe('empty lines before a request', () => {
  const bytes = headOf('GET / HTTP/1.1', 'Host: a')
  const before = (count: number) => Buffer.from('\r\n'.repeat(count))

  it.each([1, 2, 100])('%i empty lines before a request belong to its head and are ignored', (count) => {
    const whole = Buffer.concat([before(count), bytes])
    const answers = Array.from(whole, (_, length) => readRequestHead(whole.subarray(0, length)).kind)
    expect(new Set(answers)).toEqual(new Set(['need-more']))
    const answer = readRequestHead(bytes)
    expect(readRequestHead(Buffer.concat([whole, before(2)]))).toEqual({ ...answer, bytes: whole.length })
  })

  it('empty lines without end before a request are refused', () => {
    expect(readRequestHead(before(MOST_HEAD_BYTES / 2))).toMatchObject({ kind: 'no-match', status: 431 })
  })
})

it('a head shares no memory with the bytes from which it was read', () => {
  const bytes = Buffer.from(requests[0]!.bytes)
  const answer = readRequestHead(bytes)
  bytes.fill(0)
  expect(answer).toMatchObject({ value: requests[0]!.facts })
})

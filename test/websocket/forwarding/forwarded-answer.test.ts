/** What a client gets of a backend's answer: everything except the fields for the backend's own connection. */
import { describe, expect, it } from 'vitest'
import { forwardedAnswer } from '../../../src/websocket/forwarding/forwarded-answer.js'
import { readResponseHead } from '../../../src/websocket/heads/response-head.js'
import { acceptanceHead, headOf } from '../heads.js'

type Kind = Parameters<typeof forwardedAnswer>[2]

/** The lines that the client gets, without the empty ones at the end. */
function forwarded(bytes: Buffer, kind: Kind = 'final'): string[] {
  const answer = readResponseHead(bytes)
  if (answer.kind !== 'match') expect.fail(JSON.stringify(answer))
  const sent = forwardedAnswer(bytes, answer.value, kind)
  const { bodyKind, contentLength } = answer.value
  expect(readResponseHead(sent)).toMatchObject({
    kind: 'match',
    value: { bodyKind, contentLength },
    bytes: sent.length,
  })
  return sent.toString('latin1').split('\r\n').slice(0, -2)
}

const START = 'HTTP/1.1 200 OK'
const final = (...fields: string[]): string[] => forwarded(headOf(START, ...fields)).slice(1)

describe('final answers', () => {
  it('a final answer has Connection: close, whatever the backend said of its own connection', () => {
    expect(final()).toEqual(['Connection: close'])
    expect(final('connection: Keep-Alive', 'Connection: close', 'CONNECTION:')).toEqual(['Connection: close'])
  })

  it('a final answer loses its fields for one hop', () => {
    const hop = ['Keep-Alive: timeout=5', 'Upgrade: h2c', 'PROXY-CONNECTION: keep-alive', 'TE: trailers']
    expect(final(...hop, 'X: kept')).toEqual(['Connection: close', 'X: kept'])
  })

  it('a final answer loses the fields that Connection names', () => {
    const fields = ['X-Secret: 1', 'Connection: keep-alive, x-SECRET', 'Connection:\tx-more ,', 'X-More: 2']
    expect(final(...fields, 'X: kept')).toEqual(['Connection: close', 'X: kept'])
  })

  it.each(['Content-Length: 5', 'Transfer-Encoding: chunked'])(
    'a final answer keeps %s, although Connection names it',
    (field) => {
      expect(final(field, 'Connection: content-length, transfer-encoding')).toEqual([
        'Connection: close',
        field,
      ])
    },
  )

  it('a final answer keeps every other line as it came', () => {
    const lines = ['Set-Cookie: a', 'set-COOKIE:b ', 'X-High: \xa0caf\xe9', 'Trailer: Expires', 'X-Empty:']
    expect(final(...lines)).toEqual(['Connection: close', ...lines])
  })
})

describe('mended answers of backends', () => {
  it('a status line without a space behind the status is forwarded with one', () => {
    expect(forwarded(headOf('HTTP/1.1 200'))[0]).toBe('HTTP/1.1 200 ')
    expect(forwarded(headOf('HTTP/1.1 204 '))[0]).toBe('HTTP/1.1 204 ')
    expect(forwarded(headOf('HTTP/1.0 200 200'))[0]).toBe('HTTP/1.0 200 200')
  })

  it.each([
    ['several times', 'Content-Length: 5', 'content-length: 5'],
    ['as a list', 'Content-Length: 5, 5'],
    ['with zeros', 'Content-Length: 0005'],
  ])('a length that came %s is forwarded once and without zeros', (_, ...lengths) => {
    expect(final('X: a', ...lengths, 'Y: b')).toEqual([
      'Connection: close',
      'Content-Length: 5',
      'X: a',
      'Y: b',
    ])
  })

  it('a length of an answer without a body is forwarded as it came', () => {
    const bytes = headOf('HTTP/1.1 304 No', 'Content-Length: 5', 'Content-Length: x')
    expect(forwarded(bytes).slice(1)).toEqual(['Connection: close', 'Content-Length: 5', 'Content-Length: x'])
  })
})

it('an interim answer loses its fields for one hop, and gets no Connection: close', () => {
  const bytes = headOf('HTTP/1.1 103 Early Hints', 'Connection: keep-alive, x', 'X: 1', 'Link: </a>')
  expect(forwarded(bytes, 'interim')).toEqual(['HTTP/1.1 103 Early Hints', 'Link: </a>'])
})

it('an accepted upgrade is forwarded byte for byte', () => {
  const bytes = acceptanceHead({ Connection: 'Connection: Upgrade, x' }, 'X: 1', 'Keep-Alive: 5')
  expect(forwarded(bytes, 'accepted').join('\r\n')).toBe(bytes.toString('latin1').slice(0, -4))
})

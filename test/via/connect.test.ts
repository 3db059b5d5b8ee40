/** The request for a tunnel through an HTTP proxy, and the head of the answer. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connectRequest, isInterimAnswer, isTunnel, readConnectAnswer } from '../../src/via/connect.js'
import { MOST_HEAD_BYTES } from '../../src/websocket/heads/head.js'

const to = (host: string) => ({ kind: 'tcp', host, port: 22 }) as const
const read = (text: string) => readConnectAnswer(Buffer.from(text, 'latin1'))
const OPEN = 'HTTP/1.1 200 Connection established\r\n\r\n'

describe('the request for a tunnel', () => {
  it('a request names the backend unresolved, and has no credentials if there are none', () => {
    expect(connectRequest(to('git.example.com'), undefined).toString()).toBe(
      'CONNECT git.example.com:22 HTTP/1.1\r\nHost: git.example.com:22\r\n\r\n',
    )
  })

  it('a request has the credentials as Basic, in UTF-8', () => {
    const text = connectRequest(to('a.test'), { user: 'app', password: 'pä:ss' }).toString()
    const [, encoded = ''] = /\r\nProxy-Authorization: Basic (\S+)\r\n\r\n$/.exec(text) ?? []
    expect(Buffer.from(encoded, 'base64').toString()).toBe('app:pä:ss')
  })

  it.each([
    ['2001:db8::1', '[2001:db8::1]:22'],
    ['fe80::1%eth0', '[fe80::1]:22'],
    ['192.0.2.1', '192.0.2.1:22'],
  ])('a request for %s asks for %s', (host, authority) => {
    expect(connectRequest(to(host), undefined).toString()).toContain(
      `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n`,
    )
  })
})

describe('the answer of an HTTP proxy', () => {
  it('the head of an answer ends before the first byte of the backend', () => {
    expect(read(`${OPEN}SSH-2.0-OpenSSH_9.2\r\n`)).toEqual({ kind: 'match', value: 200, bytes: OPEN.length })
  })

  it.each([
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n',
    'HTTP/1.1 200\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
  ])('%j opens a tunnel right behind it', (head) => {
    const answer = read(`${head}5\r\nhello`)
    expect(answer).toEqual({ kind: 'match', value: Number(head.slice(9, 12)), bytes: head.length })
    expect(isTunnel((answer as { value: number }).value)).toBe(true)
  })

  it.each([
    ['SSH-2.0-OpenSSH\r\n', 'bad status line'],
    ['\x05\x00', 'bad status line'],
    ['HTTP/2 200\r\n\r\n', 'bad status line'],
    ['HTTP/1.1 2000 OK\r\n\r\n', 'bad status line'],
    ['HTTP/1.1 200 OK\n\n', 'bad status line'],
    ['HTTP/1.1 200 OK\r\nA : b\r\n\r\n', 'bad field name'],
    ['HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n', 'bad field name'],
  ])('%j is refused', (text, reason) => {
    expect(read(text)).toMatchObject({ kind: 'no-match', reason })
  })

  it('a head of more than 16 KiB is refused', () => {
    const field = `A: ${'x'.repeat(1000)}\r\n`
    expect(read(`HTTP/1.1 200 OK\r\n${field.repeat(17)}`)).toMatchObject({ kind: 'no-match' })
  })

  it('only 1xx is followed by another answer, and 101 is not', () => {
    expect([100, 102, 103, 199].every(isInterimAnswer)).toBe(true)
    expect([101, 200, 407, 502].some(isInterimAnswer)).toBe(false)
  })

  it('an answer means the same however its bytes are cut, and whatever follows', () => {
    const line = fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.0 502 Bad',
      'HTTP/1.1 407',
      'HTTP/1.1 100 Go',
      'HTP/1.1 200',
      '',
    )
    const field = fc.constantFrom('A: b', 'Content-Length: 3', 'bad', 'B:', '\x80: x')
    const text = fc
      .tuple(line, fc.array(field, { maxLength: 4 }), fc.constantFrom('\r\n', '\n', '\r'), fc.string())
      .map(([first, fields, end, rest]) => `${[first, ...fields].join('\r\n')}\r\n${end}${rest}`)
    fc.assert(
      fc.property(text, (whole) => {
        const answer = read(whole)
        for (let length = 0; length < whole.length; length++) {
          const part = read(whole.slice(0, length))
          if (part.kind === 'need-more') expect(length).toBeLessThan(MOST_HEAD_BYTES)
          else if (part.kind === 'match') expect([part, part.bytes <= length]).toEqual([answer, true])
          else expect(answer.kind).toBe('no-match')
        }
      }),
    )
  })
})

/** Checks by HTTP: the request, and what answers mean. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HttpCheck, ProbeTarget } from '../../src/probes/check.js'
import { httpConversation } from '../../src/probes/http.js'
import { cut, play } from './conversations.js'
import { BRIEF_MS, HTTP, serving, TLS_SETTING, targetAt, told } from './rig.js'

const requested = (check: Partial<HttpCheck>, target: ProbeTarget): string | undefined =>
  play(httpConversation({ ...HTTP, ...check }, target), []).sent[0]

const answered = (bytes: string | Buffer, check: Partial<HttpCheck> = {}, places: readonly number[] = []) => {
  const pieces = cut(Buffer.from(bytes), places)
  const { found, explanation } = play(httpConversation({ ...HTTP, ...check }, targetAt(80)), pieces)
  return found === undefined ? explanation : `${found.passed ? '+' : ''}${found.reason} (${found.detail})`
}

describe('the request of an http check', () => {
  it('the request of an http check asks the backend to close the connection', () => {
    expect(requested({ method: 'OPTIONS', path: '/up?a=b' }, targetAt(80))).toBe(
      'OPTIONS /up?a=b HTTP/1.1\r\nHost: localhost\r\nUser-Agent: millrace\r\nAccept: */*\r\nConnection: close\r\n\r\n',
    )
  })

  it.each([
    ['localhost', targetAt(80)],
    ['localhost:443', targetAt(443)],
    ['localhost', targetAt(443, { tls: TLS_SETTING })],
    ['localhost:8080', targetAt(8080)],
    ['127.0.0.1:8080', targetAt(8080, { host: undefined })],
    ['[::1]:8080', targetAt(0, { host: '::1', address: { kind: 'tcp', host: '::1', port: 8080 } })],
    ['[::1]', targetAt(0, { host: undefined, address: { kind: 'tcp', host: '::1', port: 80 } })],
    ['localhost', targetAt(0, { host: undefined, address: { kind: 'unix', path: '/run/app.sock' } })],
  ])('the request of an http check names the host %s', (host, target) => {
    expect(requested({}, target)).toContain(`\r\nHost: ${host}\r\n`)
  })

  it('the request of an http check names the host of the check', () => {
    expect(requested({ host: 'example.com:81' }, targetAt(80))).toContain('\r\nHost: example.com:81\r\n')
  })
})

/** Without what is wrong with an answer: of two faults, the one that comes first is told. */
const verdict = (result: string): string => result.replace(/^(L7RSP) .*/, '$1')

describe('the answer to an http check', () => {
  it.each([
    ['HTTP/1.1 200 OK\r\n\r\n', '+L7OK (status 200)'],
    ['HTTP/1.0 204 \r\nA: b\r\n\r\nbody', '+L7OK (status 204)'],
    ['HTTP/1.1 399\r\n\r\n', '+L7OK (status 399)'],
    ['HTTP/1.1 503 Service Unavailable\r\n\r\n', 'L7STS (status 503)'],
    ['HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\n', 'L7STS (status 400)'],
    [
      'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
      '+L7OK (status 200)',
    ],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 x\r\n\r\n', 'L7STS (status 500)'],
    ['HTTP/1.1 101 Switching Protocols\r\n\r\n', 'L7STS (status 101)'],
    ['HTTP/1.1 100 Continue\r\n\r\n', 'no whole head of an answer'],
    ['HTTP/1.1 200 OK\r\n', 'no whole head of an answer'],
    ['', 'no answer'],
    ['SSH-2.0-OpenSSH\r\n', 'L7RSP (bad status line)'],
    ['HTTP/2 200\r\n\r\n', 'L7RSP (bad status line)'],
    ['HTTP/1.1 99 x\r\n\r\n', 'L7RSP (bad status line)'],
    ['HTTP/1.1 200 OK\n\n', 'L7RSP (bad status line)'],
    ['HTTP/1.1 200 OK\r\nA\r\n\r\n', 'L7RSP (field without a colon)'],
    ['HTTP/1.1 200 OK\r\nA: b\rHTTP/1.1 500 x\r\n\r\n', 'L7RSP (CR or LF alone)'],
    [`HTTP/1.1 200 OK\r\nA: ${'b'.repeat(1024 ** 2)}`, 'L7RSP (head of more than 16384 bytes)'],
    [`HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(101)}\r\n`, 'L7RSP (head of more than 100 fields)'],
  ])('the answer %j to an http check is judged by its head', (bytes, result) => {
    expect(answered(bytes)).toBe(result)
  })

  it('an http check passes with each status of its ranges, and with no other', () => {
    const status = [
      { from: 200, to: 200 },
      { from: 401, to: 403 },
    ]
    const passing = Array.from({ length: 400 }, (_, index) => index + 200).filter((code) =>
      answered(`HTTP/1.1 ${code} x\r\n\r\n`, { status }).startsWith('+'),
    )
    expect(passing).toEqual([200, 401, 402, 403])
  })

  it('the answer to an http check means the same, however it is cut into pieces', () => {
    const line = fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.1 103 x',
      'HTTP/1.0 500 x',
      'A: b',
      'nonsense',
      '\n',
    )
    const bytes = fc.array(fc.tuple(line, fc.constantFrom('\r\n', '\r\n\r\n', '\r', '')), { maxLength: 6 })
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(200), { maxLength: 20 }), (lines, places) => {
        const whole = lines.flat().join('')
        expect(verdict(answered(whole, {}, places))).toBe(verdict(answered(whole)))
      }),
    )
  })

  it('an http check reads any bytes, and always comes to a result within 16 KiB', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16 * 1024, maxLength: 17 * 1024 }), (bytes) => {
        expect(answered(Buffer.from(bytes))).toMatch(/^L7RSP/)
      }),
      { numRuns: 20 },
    )
  })
})

describe('a backend of an http check', () => {
  it('a backend that is silent, resets or closes fails an http check with L7TOUT or L7RSP', async () => {
    const brief = { timeoutMs: BRIEF_MS }
    expect(await told(HTTP, targetAt(await serving(() => {}), brief))).toBe('L7TOUT (no answer)')
    const half = await serving((socket) => socket.write('HTTP/1.1 200 OK\r\n'))
    expect(await told(HTTP, targetAt(half, brief))).toBe('L7TOUT (no whole head of an answer)')
    const resetting = await serving((socket) => socket.once('data', () => socket.resetAndDestroy()))
    expect(await told(HTTP, targetAt(resetting))).toBe('L7RSP (ECONNRESET)')
    const closing = await serving((socket) => socket.once('data', () => socket.end('HTTP/1.1 200')))
    expect(await told(HTTP, targetAt(closing))).toBe(
      'L7RSP (closed by the backend: no whole head of an answer)',
    )
  })

  it('a backend that sends interim answers without an end fails an http check with L7RSP', async () => {
    const port = await serving((socket) => {
      const more = (): void => {
        while (socket.writable && socket.write('HTTP/1.1 103 x\r\n\r\n'));
      }
      socket.on('drain', more)
      more()
    })
    expect(await told(HTTP, targetAt(port))).toBe('L7RSP (too many bytes: no whole head of an answer)')
  })
})

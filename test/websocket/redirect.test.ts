/** The redirect to HTTPS: where it leads, and that no request can make it lead elsewhere. */
import { describe, expect, it } from 'vitest'
import { readRequestHead } from '../../src/websocket/heads/request-head.js'
import { redirectAnswer } from '../../src/websocket/redirect.js'

/** The answer to a request with this target and this host, or why the request is refused. */
function answerTo(target: string, host: string, port = 443, status: 301 | 308 = 301): string {
  const head = readRequestHead(Buffer.from(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 'latin1'))
  if (head.kind !== 'match') return head.kind === 'no-match' ? head.reason : head.kind
  return redirectAnswer(head.value, { port, status }).toString('latin1')
}

const locationOf = (...request: Parameters<typeof answerTo>): string | undefined =>
  /\r\nLocation: ([^\r]*)\r\n/.exec(answerTo(...request))?.[1]

describe('a redirect to HTTPS', () => {
  it.each<[Parameters<typeof answerTo>, string]>([
    [['/', 'a.example.com'], 'https://a.example.com/'],
    [['/a/b?c=d&e', 'A.Example.com:80'], 'https://a.example.com/a/b?c=d&e'],
    [['/a', 'a.example.com:8080', 8443], 'https://a.example.com:8443/a'],
    [['/a', '[2001:db8::1]:80'], 'https://[2001:db8::1]/a'],
    [['http://a.example.com/b?c', 'a.example.com'], 'https://a.example.com/b?c'],
    [['http://a.example.com?c', 'a.example.com'], 'https://a.example.com/?c'],
    [['//evil.example/', 'a.example.com'], 'https://a.example.com//evil.example/'],
  ])('a request %j is sent to %s', (request, location) => {
    expect(locationOf(...request)).toBe(location)
  })

  it('the status is 301, or 308 if the method must stay', () => {
    expect(answerTo('/', 'a.test')).toMatch(/^HTTP\/1\.1 301 Moved Permanently\r\n/)
    expect(answerTo('/', 'a.test', 443, 308)).toMatch(/^HTTP\/1\.1 308 Permanent Redirect\r\n/)
    expect(answerTo('/', 'a.test')).toMatch(/\r\nConnection: close\r\n/)
  })

  it.each([
    ['/', 'a.test/@evil.example'],
    ['/', 'evil.example@a.test'],
    ['/', 'a.test\r\nSet-Cookie: x=y'],
    ['/', 'a.test evil.example'],
    ['/', 'a.test"><script>'],
    ['/', 'a.test:80:81'],
    ['/a\rb', 'a.test'],
    ['/\x00', 'a.test'],
    ['http://evil.example/', 'a.test'],
  ])('a request of %j with the host %j is refused, or leads to the host alone', (target, host) => {
    const location = locationOf(target, host)
    if (location !== undefined) expect(location).toBe('https://a.test/')
  })
})

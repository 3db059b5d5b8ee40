/** Every way in which a head can be wrong, with its reason, and how early it is refused. */
import { describe, expect, it } from 'vitest'
import { readRequestHead } from '../../../src/websocket/heads/request-head.js'
import { readResponseHead } from '../../../src/websocket/heads/response-head.js'
import { headOf } from '../heads.js'

const raw = (text: string): Buffer => Buffer.from(text, 'latin1')
const line = (start: string): Buffer => headOf(start, 'Host: a')
const target = (text: string): Buffer => line(`GET ${text} HTTP/1.1`)
const fields = (...lines: string[]): Buffer => headOf('GET / HTTP/1.1', 'Host: a', ...lines)
const post = (...lines: string[]): Buffer => headOf('POST / HTTP/1.1', 'Host: a', ...lines)
const host = (text: string): Buffer => headOf('GET / HTTP/1.1', `Host: ${text}`)

type Refused = readonly (readonly [name: string, bytes: Buffer, reason: string, status?: number])[]

const REQUESTS: Refused = [
  ['a TLS hello', Buffer.from('160301020001', 'hex'), 'bad method'],
  ['an SSH client', raw('SSH-2.0-OpenSSH_9.9\r\n'), 'bad method'],
  ['a NUL', raw('\0'), 'bad method'],
  ['LF alone before the request', Buffer.concat([raw('\n'), line('GET / HTTP/1.1')]), 'bad method'],
  ['CR alone before the request', Buffer.concat([raw('\r\n\r'), line('GET / HTTP/1.1')]), 'bad method'],
  ['a PROXY header that is not expected', Buffer.from('0d0a0d0a000d0a515549540a21', 'hex'), 'bad method'],
  ['a space before the method', line(' GET / HTTP/1.1'), 'bad method'],
  ['a method in small letters', line('get / HTTP/1.1'), 'bad method'],
  ['a method that is no token', line('G:T / HTTP/1.1'), 'bad method'],
  ['a line with nothing but a method', raw('GET\r\n'), 'request line cut short'],
  ['a method without end', raw(`${'A'.repeat(25)}`), 'unknown method', 501],
  ['CONNECT', line('CONNECT a:443 HTTP/1.1'), 'CONNECT is not served', 501],
  ['HTTP/0.9', raw('GET /\r\n'), 'request line cut short'],
  ['two spaces before the target', line('GET  / HTTP/1.1'), 'target of no known form'],
  ['two spaces before the version', line('GET /  HTTP/1.1'), 'bad version'],
  ['a tab for a space', line('GET\t/ HTTP/1.1'), 'bad method'],
  ['a space in the target', line('GET /a b HTTP/1.1'), 'bad version'],
  ['a space behind the version', line('GET / HTTP/1.1 '), 'bad version'],
  ['another request behind the version', line('GET / HTTP/1.1 GET /'), 'bad version'],
  ['HTTP/1.2', line('GET / HTTP/1.2'), 'HTTP version not served', 505],
  ['HTTP/2.0', line('GET / HTTP/2.0'), 'HTTP version not served', 505],
  ['HTTP/3', line('GET / HTTP/3'), 'bad version'],
  ['HTTP/1.10', line('GET / HTTP/1.10'), 'bad version'],
  ['HTTP/01.1', line('GET / HTTP/01.1'), 'bad version'],
  ['http/1.1', line('GET / http/1.1'), 'bad version'],
  ['ICE/1.1', line('GET / ICE/1.1'), 'bad version'],
  ['the preface of HTTP/2', raw('PRI * HTTP/2.0\r\n\r\n'), 'target * of another method than OPTIONS'],

  ['a relative target', target('a/b'), 'target of no known form'],
  ['a target that is a query', target('?a'), 'target of no known form'],
  ['an authority for a target', target('a:80'), 'target of no known form'],
  ['another scheme', target('ftp://a/'), 'target of no known form'],
  ['a scheme without slashes', target('http:/a'), 'target of no known form'],
  ['* and more', line('OPTIONS *a HTTP/1.1'), 'target of no known form'],
  ['a fragment', target('/a#b'), 'bad byte in the target'],
  ['a high byte in the target', target('/caf\xe9'), 'bad byte in the target'],
  ['a control byte in the target', target('/a\x01'), 'bad byte in the target'],
  ['DEL in the target', target('/a\x7f'), 'bad byte in the target'],
  ['a user in the target', target('http://u@a/'), 'bad authority in the target'],
  ['an absolute target without a host', target('http:///a'), 'bad authority in the target'],
  ['an absolute target with a bad port', target('http://a:x/'), 'bad authority in the target'],
  ['a target of another host', target('http://b/'), 'Host and target name two authorities'],
  ['a target of another port', target('http://a:80/'), 'Host and target name two authorities'],

  ['LF for CRLF', raw('GET / HTTP/1.1\nHost: a\n\n'), 'bad version'],
  ['LF for CRLF after a field', raw('GET / HTTP/1.1\r\nHost: a\n\n'), 'CR or LF alone'],
  ['LF for the last CRLF', raw('GET / HTTP/1.1\r\nHost: a\r\n\n'), 'CR or LF alone'],
  ['CR for CRLF', raw('GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n'), 'CR or LF alone'],
  ['CR CR LF', raw('GET / HTTP/1.1\r\nHost: a\r\r\n\r\n'), 'CR or LF alone'],
  ['CR and something else behind the head', raw('GET / HTTP/1.1\r\nHost: a\r\n\rx'), 'CR or LF alone'],
  ['a line that hides behind a CR', fields('X: a\rTransfer-Encoding: chunked'), 'CR or LF alone'],
  ['a line that hides behind an LF', fields('X: a\nTransfer-Encoding: chunked'), 'CR or LF alone'],
  ['CR before a colon', fields('Content-Length\r: 1'), 'CR or LF alone'],
  ['a folded field', fields('X: a', ' b'), 'bad field name'],
  ['a field folded with a tab', fields('Transfer-Encoding:', '\tchunked'), 'bad field name'],
  ['white space before the first field', raw('GET / HTTP/1.1\r\n Host: a\r\n\r\n'), 'bad field name'],
  ['a space before a colon', post('Transfer-Encoding : chunked'), 'bad field name'],
  ['a tab before a colon', post('Content-Length\t: 1'), 'bad field name'],
  ['a field without a name', fields(': a'), 'bad field name'],
  ['a field without a colon', fields('Content-Length'), 'field without a colon'],
  ['a high byte in a name', fields('Caf\xe9: 1'), 'bad field name'],
  ['a vertical tab in a name', fields('\x0bTransfer-Encoding: chunked'), 'bad field name'],
  ['brackets in a name', fields('[x]: 1'), 'bad field name'],
  ['a NUL in a name', fields('Content-\0Length: 1'), 'bad field name'],
  ['a NUL in a value', fields('X: a\0b'), 'bad byte in a field'],
  ['a vertical tab in a value', fields('Transfer-Encoding: \x0bchunked'), 'bad byte in a field'],
  ['DEL in a value', fields('X: \x7f'), 'bad byte in a field'],

  ['no Host', headOf('GET / HTTP/1.1', 'X: a'), 'no Host'],
  ['no field', headOf('GET / HTTP/1.1'), 'no Host'],
  ['no Host beside an absolute target', headOf('GET http://a/ HTTP/1.1'), 'no Host'],
  ['two Hosts', headOf('GET / HTTP/1.1', 'Host: a', 'host: b'), 'Host twice'],
  ['the same Host twice', headOf('GET / HTTP/1.0', 'Host: a', 'Host: a'), 'Host twice'],
  ['an empty Host', host(''), 'bad Host'],
  ['a list of Hosts', host('a, b'), 'bad Host'],
  ['two Hosts in one', host('a b'), 'bad Host'],
  ['a user in Host', host('u@a'), 'bad Host'],
  ['a path in Host', host('a/b'), 'bad Host'],
  ['a URL in Host', host('http://a'), 'bad Host'],
  ['an encoded Host', host('%61'), 'bad Host'],
  ['a Host that is a dot', host('.'), 'bad Host'],
  ['a Host with two trailing dots', host('a..'), 'bad Host'],
  ['a Host with an empty label', host('a..b'), 'bad Host'],
  ['a Host with a hyphen in front', host('-a'), 'bad Host'],
  ['a Host with a label too long', host('a'.repeat(64)), 'bad Host'],
  ['a Host too long', host(`${'a.'.repeat(127)}a`), 'bad Host'],
  ['a Host of high bytes', host('caf\xe9'), 'bad Host'],
  ['a Host that is no IPv4 address', host('127.1'), 'bad Host'],
  ['a Host that is a number', host('2130706433'), 'bad Host'],
  ['an IPv6 Host without brackets', host('::1'), 'bad Host'],
  ['a Host that is no IPv6 address', host('[1:2]'), 'bad Host'],
  ['a Host with a zone', host('[fe80::1%25eth0]'), 'bad Host'],
  ['an empty port', host('a:'), 'bad Host'],
  ['a port out of range', host('a:65536'), 'bad Host'],
  ['a port that is a word', host('a:http'), 'bad Host'],
  ['a port with a leading zero', host('a:080'), 'bad Host'],
  ['two ports', host('a:80:80'), 'bad Host'],

  ['two lengths', post('Content-Length: 5', 'Content-Length: 6'), 'Content-Length twice'],
  ['the same length twice', post('Content-Length: 5', 'content-length: 5'), 'Content-Length twice'],
  ['a list of lengths', post('Content-Length: 5, 5'), 'bad Content-Length'],
  ['an empty length', post('Content-Length:'), 'bad Content-Length'],
  ['a negative length', post('Content-Length: -1'), 'bad Content-Length'],
  ['a signed length', post('Content-Length: +1'), 'bad Content-Length'],
  ['a hexadecimal length', post('Content-Length: 0x5'), 'bad Content-Length'],
  ['a length with a leading zero', post('Content-Length: 010'), 'bad Content-Length'],
  ['a length with a space inside', post('Content-Length: 1 2'), 'bad Content-Length'],
  ['a length that is not exact', post('Content-Length: 1e1'), 'bad Content-Length'],
  ['a length with a tab behind it', post('Content-Length: 5\t'), 'bad Content-Length'],
  ['a length above counting', post(`Content-Length: ${'9'.repeat(20)}`), 'bad Content-Length'],
  [
    'a length and chunks',
    post('Content-Length: 5', 'Transfer-Encoding: chunked'),
    'Content-Length with Transfer-Encoding',
  ],
  [
    'chunks and a length',
    post('Transfer-Encoding: chunked', 'Content-Length: 5'),
    'Content-Length with Transfer-Encoding',
  ],
  [
    'chunks in HTTP/1.0',
    headOf('POST / HTTP/1.0', 'Transfer-Encoding: chunked'),
    'Transfer-Encoding in HTTP/1.0',
  ],
  ...[
    'identity',
    'gzip, chunked',
    'chunked, identity',
    'chunked, chunked',
    'chunkedchunked',
    'xchunked',
    'chunked;a=b',
    '"chunked"',
    'chunked,',
    '',
  ].map((coding) => {
    const bytes = post(`Transfer-Encoding: ${coding}`)
    return [`Transfer-Encoding: ${coding}`, bytes, 'Transfer-Encoding other than chunked'] as const
  }),
  [
    'two codings',
    post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
    'Transfer-Encoding other than chunked',
  ],
]

const RESPONSES: Refused = [
  ['no HTTP', raw('220 ready\r\n'), 'bad status line', 502],
  ['HTTP/2.0', headOf('HTTP/2.0 200 OK'), 'bad status line', 502],
  ['HTTP/1.2', headOf('HTTP/1.2 200 OK'), 'bad status line', 502],
  ['small letters', headOf('http/1.1 200 OK'), 'bad status line', 502],
  ['two spaces before the status', headOf('HTTP/1.1  200 OK'), 'bad status line', 502],
  ['a status of two digits', headOf('HTTP/1.1 20 OK'), 'bad status line', 502],
  ['a status of four digits', headOf('HTTP/1.1 1010 OK'), 'bad status line', 502],
  ['a status of 099', headOf('HTTP/1.1 099 OK'), 'bad status line', 502],
  ['a status of 600', headOf('HTTP/1.1 600 OK'), 'bad status line', 502],
  ['a NUL in the words', headOf('HTTP/1.1 200 O\0K'), 'bad status line', 502],
  ['an empty line before it', raw('\r\nHTTP/1.1 200 OK\r\n\r\n'), 'bad status line', 502],
  ['LF for CRLF', raw('HTTP/1.1 200 OK\n\n'), 'bad status line', 502],
  ['LF for CRLF after a field', raw('HTTP/1.1 200 OK\r\nX: a\n\n'), 'CR or LF alone', 502],
  ['a folded field', headOf('HTTP/1.1 200 OK', 'X: a', ' b'), 'bad field name', 502],
  ['a space before a colon', headOf('HTTP/1.1 200 OK', 'X : a'), 'bad field name', 502],
  [
    'two lengths',
    headOf('HTTP/1.1 200 OK', 'Content-Length: 1', 'Content-Length: 2'),
    'Content-Length twice',
    502,
  ],
  ['a list of two lengths', headOf('HTTP/1.1 200 OK', 'Content-Length: 1, 2'), 'Content-Length twice', 502],
  ['a list with a gap', headOf('HTTP/1.1 200 OK', 'Content-Length: 1,,1'), 'Content-Length twice', 502],
  ['an empty length', headOf('HTTP/1.1 200 OK', 'Content-Length:'), 'bad Content-Length', 502],
  ['a signed length', headOf('HTTP/1.1 200 OK', 'Content-Length: +1'), 'bad Content-Length', 502],
  [
    'a length and chunks',
    headOf('HTTP/1.1 200 OK', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
    'Content-Length with Transfer-Encoding',
    502,
  ],
]

describe.each([
  ...REQUESTS.map((row) => ({ row, what: 'request', readHead: readRequestHead })),
  ...RESPONSES.map((row) => ({ row, what: 'response', readHead: readResponseHead })),
])('a bad $what: $row.0', ({ row: [name, bytes, reason, status = 400], what, readHead }) => {
  it(`a bad ${what} is refused with its reason and status: ${name}`, () => {
    expect(readHead(bytes)).toEqual({ kind: 'no-match', reason, status })
  })

  it(`a bad ${what} is refused whatever follows, and no beginning of it is accepted: ${name}`, () => {
    const whole = Buffer.concat([bytes, raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n')])
    const kinds = Array.from(whole, (_, length) => readHead(whole.subarray(0, length)).kind)
    const first = kinds.indexOf('no-match')
    expect(new Set(kinds.slice(0, first))).toEqual(new Set(['need-more']))
    expect(new Set(kinds.slice(first))).toEqual(new Set(['no-match']))
  })
})

describe('wrong bytes in heads', () => {
  it.each([
    ['readRequestHead', readRequestHead, '\x16'],
    ['readRequestHead', readRequestHead, 'G1'],
    ['readRequestHead', readRequestHead, 'GET\r'],
    ['readRequestHead', readRequestHead, 'CONNECT '],
    ['readRequestHead', readRequestHead, 'GET x'],
    ['readRequestHead', readRequestHead, 'GET *'],
    ['readRequestHead', readRequestHead, 'GET httpx'],
    ['readRequestHead', readRequestHead, 'GET http://u@a/'],
    ['readRequestHead', readRequestHead, 'GET /\x7f'],
    ['readRequestHead', readRequestHead, 'GET / X'],
    ['readRequestHead', readRequestHead, 'GET / HTTP/2'],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1 '],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1\n'],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1\r\n '],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1\r\n:'],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1\r\nHost '],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1\r\nHost\r'],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1\r\nHost: a\0'],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1\r\nHost: a\n'],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1\r\nHost: a b\r'],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r'],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1\r\nContent-Length: x\r'],
    ['readRequestHead', readRequestHead, 'GET / HTTP/1.1\r\n\r'],
    ['readResponseHead', readResponseHead, 'I'],
    ['readResponseHead', readResponseHead, 'HTTP/2'],
    ['readResponseHead', readResponseHead, 'HTTP/1.1 6'],
    ['readResponseHead', readResponseHead, 'HTTP/1.1 2000'],
    ['readResponseHead', readResponseHead, '\r'],
    ['readRequestHead', readRequestHead, '\r\n\n'],
    ['readRequestHead', readRequestHead, '\r\nG1'],
  ])('%s, case %#, refuses the last byte of %j as soon as it comes', (_name, readHead, text) => {
    expect(readHead(raw(text)).kind).toBe('no-match')
    expect(readHead(raw(text.slice(0, -1))).kind).toBe('need-more')
  })
})

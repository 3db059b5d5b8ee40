/** Heads for tests. Each name says what is special about the head. Lines end with CRLF unless a test says otherwise. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
/** The answer to this key in RFC 6455 section 1.3. */
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

export const headOf = (...lines: readonly string[]): Buffer =>
  Buffer.from([...lines, '', ''].join('\r\n'), 'latin1')

export const UPGRADE_FIELDS = [
  'Host: server.example.com',
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
]

/** An upgrade. `changes` replaces lines of `UPGRADE_FIELDS`, or removes a line if its text is empty. */
export function upgradeHead(changes: Readonly<Record<string, string>> = {}, ...more: string[]): Buffer {
  const fields = UPGRADE_FIELDS.map((line) => changes[line.slice(0, line.indexOf(':'))] ?? line)
  return headOf('GET /chat HTTP/1.1', ...fields.filter((line) => line !== ''), ...more)
}

export const ACCEPTANCE_FIELDS = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Accept: ${ACCEPT}`,
]

/** An acceptance, changed in the same way. `start` replaces its first line. */
export function acceptanceHead(changes: Readonly<Record<string, string>> = {}, ...more: string[]): Buffer {
  const fields = ACCEPTANCE_FIELDS.map((line) => changes[line.slice(0, line.indexOf(':'))] ?? line)
  return headOf(
    changes.start ?? 'HTTP/1.1 101 Switching Protocols',
    ...fields.filter((line) => line !== ''),
    ...more,
  )
}

export interface Vector {
  readonly name: string
  readonly bytes: Buffer
  /** The facts that are special about the head. */
  readonly facts: object
}

const plain = { bodyKind: 'none', contentLength: 0 }

export const requests: readonly Vector[] = [
  {
    name: 'the upgrade of RFC 6455',
    bytes: upgradeHead({}, 'Origin: http://example.com', 'Sec-WebSocket-Protocol: chat, superchat'),
    facts: {
      ...plain,
      method: 'GET',
      target: '/chat',
      path: '/chat',
      version: '1.1',
      authority: 'server.example.com',
      host: 'server.example.com',
    },
  },
  {
    name: 'a query, a port, letters of both cases, a trailing dot',
    bytes: headOf('GET /Chat%20Room?token=%zz&../x HTTP/1.1', 'hOST:  EXAMPLE.com.:8080 \t'),
    facts: { target: '/Chat%20Room?token=%zz&../x', path: '/Chat%20Room', authority: 'example.com:8080' },
  },
  {
    name: 'fields in their own letters, empty, with white space and high bytes',
    bytes: headOf(
      'GET / HTTP/1.1',
      'Host: a',
      'X-Empty:',
      'x-SPACE: \t a \t b\t ',
      'X-High: \xa0caf\xe9\xa0',
      "!#$%&'*+-.^_`|~9: 1",
    ),
    facts: {
      fields: [
        { name: 'Host', value: 'a' },
        { name: 'X-Empty', value: '' },
        { name: 'x-SPACE', value: 'a \t b' },
        { name: 'X-High', value: '\xa0caf\xe9\xa0' },
        { name: "!#$%&'*+-.^_`|~9", value: '1' },
      ],
    },
  },
  {
    name: 'an absolute target',
    bytes: headOf('GET HTTP://Example.com:80/a?b HTTP/1.1', 'Host: example.COM.:80'),
    facts: {
      path: '/a',
      authority: 'example.com:80',
      host: 'example.com',
      target: 'HTTP://Example.com:80/a?b',
    },
  },
  {
    name: 'an absolute target without a path',
    bytes: headOf('GET https://[::1]?b HTTP/1.1', 'Host: [::1]'),
    facts: { path: '/', authority: '[::1]', host: '::1' },
  },
  {
    name: 'an IPv6 host with a port',
    bytes: headOf('GET / HTTP/1.1', 'Host: [2001:DB8::1]:65535'),
    facts: { authority: '[2001:db8::1]:65535', host: '2001:db8::1' },
  },
  {
    name: 'an IPv4 host',
    bytes: headOf('GET / HTTP/1.1', 'Host: 127.0.0.1:0'),
    facts: { authority: '127.0.0.1:0' },
  },
  {
    name: 'OPTIONS *',
    bytes: headOf('OPTIONS * HTTP/1.1', 'Host: a'),
    facts: { method: 'OPTIONS', target: '*', path: '*' },
  },
  {
    name: 'a body with its length',
    bytes: headOf('POST /a HTTP/1.1', 'Content-Length: 12', 'Host: a'),
    facts: { bodyKind: 'length', contentLength: 12 },
  },
  {
    name: 'a body of no bytes',
    bytes: headOf('POST /a HTTP/1.1', 'Host: a', 'Content-Length: 0'),
    facts: { bodyKind: 'length', contentLength: 0 },
  },
  {
    name: 'a chunked body',
    bytes: headOf('M-SEARCH /a HTTP/1.1', 'Host: a', 'transfer-encoding: Chunked'),
    facts: { bodyKind: 'chunked', contentLength: 0, method: 'M-SEARCH' },
  },
  { name: 'HTTP/1.0', bytes: headOf('GET / HTTP/1.0', 'Host: a'), facts: { version: '1.0', authority: 'a' } },
  {
    name: 'HTTP/1.0 that names no host',
    bytes: headOf('HEAD / HTTP/1.0'),
    facts: { version: '1.0', authority: '', host: '', fields: [] },
  },
  {
    name: 'HTTP/1.0 that names its host in the target',
    bytes: headOf('GET http://A/ HTTP/1.0'),
    facts: { authority: 'a', host: 'a' },
  },
  {
    name: 'a path of any spelling',
    bytes: headOf('GET /a/../.%2E;x//b%2Fc%5cd%00e%f HTTP/1.1', 'Host: a'),
    facts: { path: '/a/../.%2E;x//b%2Fc%5cd%00e%f' },
  },
]

export const responses: readonly Vector[] = [
  {
    name: 'the acceptance of RFC 6455',
    bytes: acceptanceHead({}, 'Sec-WebSocket-Protocol: chat'),
    facts: { ...plain, version: '1.1', status: 101, reason: 'Switching Protocols' },
  },
  {
    name: 'a response with a length',
    bytes: headOf('HTTP/1.1 404 Not Found', 'Content-Length: 3', 'Content-Type: text/plain'),
    facts: { status: 404, reason: 'Not Found', bodyKind: 'length', contentLength: 3 },
  },
  {
    name: 'a chunked response without words',
    bytes: headOf('HTTP/1.1 200 ', 'Transfer-Encoding: chunked'),
    facts: { status: 200, reason: '', bodyKind: 'chunked', contentLength: 0 },
  },
  {
    name: 'a response without words, and without the space before them',
    bytes: headOf('HTTP/1.1 200', 'Content-Length: 2'),
    facts: { status: 200, reason: '', bodyKind: 'length', contentLength: 2 },
  },
  {
    name: 'a response that names its length several times',
    bytes: headOf('HTTP/1.1 200 OK', 'Content-Length: 3,3', 'X: a', 'content-length: 003'),
    facts: { bodyKind: 'length', contentLength: 3 },
  },
  {
    name: 'a response that ends by closing',
    bytes: headOf('HTTP/1.0 599 caf\xe9\tx'),
    facts: { version: '1.0', status: 599, reason: 'caf\xe9\tx', fields: [], bodyKind: 'close' },
  },
  { name: 'an interim response', bytes: headOf('HTTP/1.1 100 Continue'), facts: { ...plain, status: 100 } },
  ...[100, 101, 199, 204, 304].map((status) => ({
    name: `a ${status}, which has no body whatever its fields say`,
    bytes: headOf(`HTTP/1.1 ${status} `, 'Content-Length: 9', 'content-length: x', 'Transfer-Encoding: gzip'),
    facts: { ...plain, status },
  })),
]

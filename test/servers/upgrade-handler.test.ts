/** WebSockets of a server of node:http: where they go, what client and backend get, and what ends them. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import {
  type UpgradeHandler,
  type UpgradeOptions,
  type UpgradeRecord,
  type UpgradeRoute,
  upgradeHandler,
} from '../../src/index.js'
import { selfSigned } from '../support/certificate.js'
import { closedPort } from '../support/closed-port.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { turns, until } from '../support/wait.js'
import { all, backend, client, listening } from './servers.js'

const folder = temporaryFolder()
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const HEAD = [
  'GET /chat?token=1 HTTP/1.1',
  'Host: a.example.com',
  'X-B: 1',
  'x-a: 2',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${KEY}`,
]
const request = (head: readonly string[] = HEAD) => `${head.join('\r\n')}\r\n\r\n`
const replaced = (from: string, to: string) =>
  HEAD.map((line) => (line.startsWith(from) ? to : line)).filter((line) => line !== '')
const SWITCHING = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`

async function start(route: UpgradeRoute, options: UpgradeOptions = {}, server: Server = createServer()) {
  const records: UpgradeRecord[] = []
  let told = (): void => {}
  const onRecord = (record: UpgradeRecord) => {
    records.push(record)
    told()
  }
  const handler = upgradeHandler(server, route, { onRecord, ...options })
  const port = await listening(server)
  const record = async () => {
    if (records.length === 0)
      await new Promise<void>((resolve) => {
        told = resolve
      })
    return records[0]!
  }
  return { port, handler, record, server }
}

/** A backend that is made by hand. It gives `answer` to the first bytes, and keeps all that it gets. */
async function handMade(answer: string, end = false) {
  let received = ''
  const port = await backend((socket) => {
    socket.once('data', () => void (end ? socket.end(answer) : socket.write(answer)))
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1')
    })
    socket.on('end', () => void socket.end())
  })
  return { route: () => `127.0.0.1:${port}`, received: () => received }
}

async function webSockets(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket, { url }) => {
    socket.send(`welcome to ${url}`)
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Opens a WebSocket, sends, and resolves with the first two messages. */
async function talk(url: string, options = {}): Promise<string[]> {
  const socket = new WebSocket(url, options)
  const messages: string[] = []
  socket.on('open', () => socket.send('hello'))
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('message', (data) => {
      messages.push(String(data))
      if (messages.length === 2) resolve()
    })
  })
  socket.close()
  await once(socket, 'close')
  return messages
}

describe('upgradeHandler', () => {
  test('a client of ws talks to a server of ws', async () => {
    const address = await webSockets()
    const { port, record, handler } = await start(async () => address)
    expect(await talk(`ws://127.0.0.1:${port}/chat?a=1`)).toEqual(['welcome to /chat?a=1', 'hello'])
    expect(await record()).toMatchObject({
      outcome: 'served',
      status: 101,
      host: `127.0.0.1:${port}`,
      path: '/chat',
      address,
      client: { kind: 'tcp', host: '127.0.0.1' },
      pipe: { ended: { cause: 'finished' } },
    })
    expect(handler.pipes.size).toBe(0)
  })

  test('route gets the request and the address of the client', async () => {
    let asked: [IncomingMessage, string | undefined] | undefined
    const { port } = await start((incoming, { client }) => {
      asked = [incoming, client?.kind]
      return 401
    })
    const peer = await client(port, request())
    expect(await all(peer)).toBe(
      'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    )
    expect(asked![0].url).toBe('/chat?token=1')
    expect(asked![1]).toBe('tcp')
  })

  test('the backend gets the fields in their order behind ours, and bytes behind both heads get through', async () => {
    const { route, received } = await handMade(`${SWITCHING}first`)
    const { port } = await start(route)
    const forged = [...HEAD, 'X-Forwarded-For: 192.0.2.1']
    const peer = await client(port, `${request(forged)}early`)
    await peer.receive(`${SWITCHING}first`.length)
    peer.end()
    expect(await all(peer)).toBe(`${SWITCHING}first`)
    const [start_, ...others] = HEAD
    expect(received()).toBe(
      `${request([
        start_!,
        'X-Forwarded-For: 127.0.0.1',
        'X-Forwarded-Proto: http',
        'X-Forwarded-Host: a.example.com',
        ...others,
      ])}early`,
    )
  })

  test.each<[UpgradeOptions['xForwarded'], string]>([
    ['off', 'X-Forwarded-For: 192.0.2.1\r\n'],
    ['append', 'X-Forwarded-For: 192.0.2.1, 127.0.0.1\r\n'],
    ['forwarded', 'Forwarded: for=127.0.0.1;host=a.example.com;proto=http\r\n'],
  ])('xForwarded %s is heeded', async (xForwarded, field) => {
    const { route, received } = await handMade(SWITCHING)
    const { port } = await start(route, { xForwarded })
    const peer = await client(port, request([...HEAD, 'X-Forwarded-For: 192.0.2.1']))
    await peer.receive(SWITCHING.length)
    expect(received()).toContain(field)
    peer.end()
    await peer.ended
  })

  test('an answer other than 101 reaches the client with its body, and nothing behind its request reaches the backend', async () => {
    const { route, received } = await handMade(
      'HTTP/1.1 403 Forbidden\r\nX-Why: token\r\nKeep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n',
    )
    const { port, record } = await start(route)
    const peer = await client(port, `${request()}GET /admin HTTP/1.1\r\n\r\n`)
    expect(await all(peer)).toBe('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nX-Why: token\r\n\r\nno')
    expect(await record()).toMatchObject({ outcome: 'answered', status: 403, pipe: undefined })
    expect(received()).not.toContain('/admin')
  })

  test.each([
    ['a 101 with a wrong key', SWITCHING.replace(ACCEPT, 'x'), 'wrong Sec-WebSocket-Accept'],
    ['a 101 without Upgrade', SWITCHING.replace('Upgrade: websocket\r\n', ''), '101 without Upgrade'],
    ['no HTTP', '220 mail.example.com ESMTP\r\n', 'HPE_INVALID_CONSTANT'],
    ['nothing', '', 'ECONNRESET'],
  ])('a backend that answers %s is a 502', async (_, answer, reason) => {
    const { route } = await handMade(answer, true)
    const { port, record } = await start(route)
    const peer = await client(port, request())
    expect(await all(peer)).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/)
    expect((await record()).outcome).toBe('bad-answer')
    expect((await record()).reason).toBe(reason)
  })

  test.each<[string, boolean, string]>([
    ['breaks off', true, 'bad-answer'],
    ['never ends', false, 'answer-timeout'],
  ])('an answer that %s in its body ends the client, with nothing behind it', async (_, ends, outcome) => {
    const { route } = await handMade('HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno', ends)
    const { port, record } = await start(route, { answerTimeoutMs: ends ? 0 : 40 })
    const peer = await client(port, request())
    expect(await all(peer)).toMatch(
      /^HTTP\/1\.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 9\r\n\r\nno$/,
    )
    expect((await record()).outcome).toBe(outcome)
  })

  test('a backend that never answers is a 504, and its connection is closed', async () => {
    let isClosed = false
    const port = await backend((socket) => {
      socket.resume()
      socket.on('end', () => {
        isClosed = true
      })
    })
    const started = await start(() => `127.0.0.1:${port}`, { answerTimeoutMs: 30 })
    expect(await all(await client(started.port, request()))).toMatch(/^HTTP\/1\.1 504 /)
    expect((await started.record()).outcome).toBe('answer-timeout')
    await until(() => isClosed)
  })

  test.each<[string, UpgradeRoute, number, object]>([
    ['returns nothing', () => undefined, 404, { outcome: 'not-allowed' }],
    ['returns 429', () => 429, 429, { outcome: 'not-allowed', status: 429 }],
    ['returns 200', () => 200, 500, { outcome: 'function-failed' }],
    [
      'returns a port',
      () => '9000',
      500,
      { error: expect.objectContaining({ message: expect.stringContaining('127.0.0.1:9000') }) },
    ],
    ['throws', () => JSON.parse('{'), 500, { error: expect.any(SyntaxError) }],
    ['hangs', () => new Promise<string>(() => {}), 503, { outcome: 'function-timeout' }],
    ['names an unknown host', () => 'nobody.invalid:80', 502, { outcome: 'not-resolved' }],
    ['names no socket', () => 'unix:/nobody/here', 502, { outcome: 'connect-failed', reason: 'ENOENT' }],
  ])('a route that %s is answered', async (_, route, status, record) => {
    const started = await start(route, { functionTimeoutMs: 20 })
    expect(await all(await client(started.port, request()))).toContain(`HTTP/1.1 ${status} `)
    expect(await started.record()).toMatchObject(record)
  })

  test('a backend that refuses the connection is a 502', async () => {
    const refusing = await closedPort()
    const { port, record } = await start(() => `127.0.0.1:${refusing}`)
    expect(await all(await client(port, request()))).toContain('HTTP/1.1 502 ')
    expect(await record()).toMatchObject({ outcome: 'connect-failed', reason: 'ECONNREFUSED' })
  })

  test.each([
    ['for another protocol', replaced('Upgrade:', 'Upgrade: h2c'), 400],
    ['with a body', [...HEAD, 'Content-Length: 5'], 400],
    ['with chunks', [...HEAD, 'Transfer-Encoding: chunked'], 400],
    ['of another method', replaced('GET', 'POST /chat HTTP/1.1'), 400],
    ['without a key', replaced('Sec-WebSocket-Key', ''), 400],
    ['of an old version', replaced('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 8'), 426],
    ['with two hosts', [...HEAD, 'Host: b.example.com'], 400],
  ])('an upgrade %s is refused before route is asked', async (_, head, status) => {
    let calls = 0
    const { port, record } = await start(() => String(calls++))
    expect(await all(await client(port, request(head)))).toContain(`HTTP/1.1 ${status} `)
    expect(await record()).toMatchObject({ outcome: 'bad-request', status })
    expect(calls).toBe(0)
  })

  test('a client that goes away while route works aborts the signal', async () => {
    let signal: AbortSignal | undefined
    const { port, record } = await start((_, about) => {
      signal = about.signal
      return new Promise<string>(() => {})
    })
    const peer = await client(port, request())
    await until(() => signal !== undefined)
    peer.reset()
    expect((await record()).outcome).toBe('client-gone')
    expect(signal!.aborted).toBe(true)
  })

  test('after remove() the server treats upgrades as requests, and WebSockets that run go on', async () => {
    const address = await webSockets()
    const answer: RequestListener = (_, response) => void response.end('plain')
    const { port, handler } = await start(() => address, {}, createServer(answer))
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    await once(socket, 'message')
    handler.remove()
    const peer = await client(port, request(replaced('Connection', 'Connection: Upgrade, close')))
    expect(await all(peer)).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(handler.pipes.size).toBe(1)
    socket.send('still here')
    expect(String((await once(socket, 'message'))[0])).toBe('still here')
    for (const pipe of handler.pipes) pipe.close()
    await once(socket, 'close')
    await turns(2)
    expect(handler.pipes.size).toBe(0)
  })

  test('a backend at a unix socket is reached', async () => {
    const path = join(folder, 'socket')
    const web = createServer()
    const server = new WebSocketServer({ server: web })
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(`${data}`)).send('unix'))
    web.listen(path)
    await once(web, 'listening')
    onTestFinished(() => void web.close())
    const { port } = await start(() => `unix:${path}`)
    expect(await talk(`ws://127.0.0.1:${port}/`)).toEqual(['unix', 'hello'])
  })
})

test.skipIf(areMissing('openssl'))(
  'a server of node:https tells its backend that the client came by https',
  async () => {
    const pair = await selfSigned(folder)
    const server = createSecureServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) })
    const { route, received } = await handMade('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    const { port, record } = await start(route, {}, server)
    const socket = new WebSocket(`wss://127.0.0.1:${port}/`, { rejectUnauthorized: false })
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error.message).toBe('Unexpected server response: 404')
    expect(received()).toContain('X-Forwarded-Proto: https\r\n')
    expect(await record()).toMatchObject({ outcome: 'answered', status: 404 })
  },
)

describe('the arguments of upgradeHandler', () => {
  test.each<[unknown[], string]>([
    [[], 'upgradeHandler: server: expected a server of node:http or node:https, found undefined'],
    [[createServer()], 'upgradeHandler: route: expected a function such as'],
    [[createServer(), '127.0.0.1:80'], 'upgradeHandler: route: expected a function'],
    [[createServer(), () => 404, { xfwd: true }], 'options.xfwd: is no option: did you mean "xForwarded"?'],
    [[createServer(), () => 404, { xForwarded: true }], 'options.xForwarded: expected one of "replace"'],
    [
      [createServer(), () => 404, { answerTimeoutMs: -1 }],
      'options.answerTimeoutMs: expected a number of ms',
    ],
  ])('wrong arguments are refused: %#', (given, message) => {
    expect(() => upgradeHandler(...(given as Parameters<typeof upgradeHandler>))).toThrow(message)
  })

  test('the types of upgradeHandler', () => {
    expectTypeOf(upgradeHandler).returns.toEqualTypeOf<UpgradeHandler>()
    expectTypeOf<ReturnType<UpgradeRoute>>().toEqualTypeOf<
      string | number | undefined | Promise<string | number | undefined>
    >()
    expectTypeOf<keyof UpgradeOptions>().toEqualTypeOf<
      | 'xForwarded'
      | 'onRecord'
      | 'functionTimeoutMs'
      | 'connectTimeoutMs'
      | 'answerTimeoutMs'
      | 'splice'
      | 'halfClose'
      | 'idleTimeoutMs'
      | 'halfClosedTimeoutMs'
      | 'maxLifetimeMs'
    >()
  })
})

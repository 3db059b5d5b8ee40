/** The server for SOCKS5: what it answers, whom it serves, and what hostile clients get. */
import { createServer as createHttpServer } from 'node:http'
import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  type AskedConnection,
  type ForwardServer,
  type ForwardServerOptions,
  socksServer,
} from '../../src/index.js'
import { closedPort } from '../support/closed-port.js'
import { areMissing, run } from '../support/programs.js'
import { turns, until } from '../support/wait.js'
import { all, anything, backend, client, echo, listening, start } from './servers.js'

const bytes = (...all: number[]) => Buffer.from(all)
const counted = (text: string) => Buffer.from([text.length, ...Buffer.from(text)])
const big = (port: number) => bytes(port >> 8, port & 255)
const GREETING = bytes(5, 1, 0)
const toIpv4 = (port: number, ...ip: number[]) => Buffer.concat([bytes(5, 1, 0, 1, ...ip), big(port)])
const toName = (name: string, port: number) => Buffer.concat([bytes(5, 1, 0, 3), counted(name), big(port)])
const toIpv6 = (port: number, ip: string) =>
  Buffer.concat([bytes(5, 1, 0, 4), Buffer.from(ip, 'hex'), big(port)])
const password = (user: string, word: string) => Buffer.concat([bytes(1), counted(user), counted(word)])
const reply = (code: number) => bytes(5, code, 0, 1, 0, 0, 0, 0, 0, 0)
const ALLOWED = Buffer.concat([bytes(5, 0), reply(0)])
const LOOPBACK6 = `${'0'.repeat(31)}1`
const checkAda = ({ user, password }: { user: string; password: string }) =>
  user === 'ada' && password === 'pw'

/** All that a client gets for these bytes. */
async function answered(port: number, ...sent: Buffer[]): Promise<Buffer> {
  const peer = await client(port, ...sent)
  await peer.ended
  return peer.received
}

describe('socksServer', () => {
  test('a client gets its connection, and bytes that it sends too early get through', async () => {
    const { port, record, server } = await start(socksServer)
    const target = await echo()
    const peer = await client(
      port,
      Buffer.concat([GREETING, toIpv4(target, 127, 0, 0, 1), Buffer.from('early')]),
    )
    await peer.receive(ALLOWED.length + 'early'.length)
    expect(server.pipes.size).toBe(1)
    peer.end()
    await peer.ended
    expect(peer.received).toEqual(Buffer.concat([ALLOWED, Buffer.from('early')]))
    expect(await record()).toMatchObject({
      outcome: 'served',
      target: `127.0.0.1:${target}`,
      pipe: { bytesUp: 5, bytesDown: 5, ended: { cause: 'finished' } },
    })
  })

  test('messages that come byte by byte are served, with user and password', async () => {
    const { port, record } = await start(socksServer, { authenticate: checkAda })
    const target = await echo()
    const peer = await client(port)
    for (const byte of Buffer.concat([
      bytes(5, 2, 0, 2),
      password('ada', 'pw'),
      toName('localhost', target),
    ])) {
      peer.send(bytes(byte))
      await turns(2)
    }
    peer.send(Buffer.from('x'))
    peer.end()
    await peer.ended
    expect(peer.received).toEqual(Buffer.concat([bytes(5, 2, 1, 0), reply(0), Buffer.from('x')]))
    expect(await record()).toMatchObject({ target: `localhost:${target}`, user: 'ada' })
  })

  test('a client that has sent FIN behind its request gets the whole answer of its host', async () => {
    const { port } = await start(socksServer)
    const target = await backend((socket) => socket.on('end', () => socket.end('answer')).resume())
    const peer = await client(port, GREETING, toIpv4(target, 127, 0, 0, 1))
    peer.end()
    expect(await all(peer)).toMatch(/answer$/)
  })

  test('allow gets names and addresses in one spelling', async () => {
    const asked: AskedConnection[] = []
    const { port } = await start(socksServer, { allow: (each) => asked.push(each) === 0 })
    for (const request of [
      toName('Example.COM.', 443),
      toName('192.0.2.1', 1),
      toIpv6(2, `00000000000000000000ffffc0000201`),
      toIpv6(3, LOOPBACK6),
    ])
      expect(await answered(port, GREETING, request)).toEqual(Buffer.concat([bytes(5, 0), reply(2)]))
    expect(asked.map(({ host, port }) => `${host} ${port}`)).toEqual([
      'example.com 443',
      '192.0.2.1 1',
      '192.0.2.1 2',
      '::1 3',
    ])
  })

  test.each<[string, number, Buffer, string]>([
    ['a loopback address', 2, toIpv4(80, 127, 0, 0, 1), 'not-allowed'],
    ['a loopback address of IPv6', 2, toIpv6(80, LOOPBACK6), 'not-allowed'],
    ['a private address', 2, toIpv4(80, 10, 0, 0, 1), 'not-allowed'],
    ['a name with a loopback address', 2, toName('localhost', 80), 'not-allowed'],
    ['a name without an address', 4, toName('nobody.invalid', 80), 'not-resolved'],
    ['a number that is no address', 1, toName('0x7f.1', 80), 'bad-request'],
    ['an empty name', 1, toName('', 80), 'bad-request'],
    ['a name with a NUL', 1, toName('a\0b', 80), 'bad-request'],
    ['port 0', 1, toIpv4(0, 192, 0, 2, 1), 'bad-request'],
    ['BIND', 7, bytes(5, 2, 0, 1, 192, 0, 2, 1, 0, 80), 'not-served'],
    ['UDP ASSOCIATE', 7, bytes(5, 3, 0, 1, 0, 0, 0, 0, 0, 0), 'not-served'],
    ['an unknown type of address', 8, bytes(5, 1, 0, 2, 0, 0, 0), 'not-served'],
    ['another version', 1, bytes(4, 1, 0, 1), 'bad-request'],
  ])('a request for %s gets reply %i', async (_, code, request, outcome) => {
    const { port, record } = await start(socksServer, { allow: () => true })
    expect(await answered(port, GREETING, request)).toEqual(Buffer.concat([bytes(5, 0), reply(code)]))
    expect((await record()).outcome).toBe(outcome)
  })

  test('a host that refuses the connection gets reply 5, and the server itself reply 2', async () => {
    const { port, records } = await start(socksServer)
    const refusing = await closedPort()
    expect((await answered(port, GREETING, toIpv4(refusing, 127, 0, 0, 1))).subarray(2)).toEqual(reply(5))
    expect((await answered(port, GREETING, toIpv4(port, 127, 0, 0, 1))).subarray(2)).toEqual(reply(2))
    expect((await records.first(2))[1]!.reason).toContain('is a listener of millrace')
  })

  test.each<[string, Buffer[], Buffer]>([
    ['offers no password', [GREETING], bytes(5, 255)],
    ['has a wrong password', [bytes(5, 1, 2), password('ada', 'no')], bytes(5, 2, 1, 1)],
    ['has no password', [bytes(5, 1, 2), password('', '')], bytes(5, 2, 1, 1)],
    ['asks before it says who it is', [bytes(5, 1, 2), toIpv4(80, 192, 0, 2, 1)], bytes(5, 2, 1, 1)],
  ])('a client that %s is refused', async (_, sent, answer) => {
    const { port, record } = await start(socksServer, { authenticate: checkAda })
    expect(await answered(port, ...sent)).toEqual(answer)
    expect((await record()).outcome).toMatch(/^(wrong-credentials|bad-request)$/)
    expect((await record()).target).toBeUndefined()
  })

  test('a client that offers nothing but a password is refused if nobody asks for one', async () => {
    const { port } = await start(socksServer)
    expect(await answered(port, bytes(5, 1, 2))).toEqual(bytes(5, 255))
  })

  test.each<[string, ForwardServerOptions['authenticate'], object]>([
    ['throws', () => JSON.parse('{'), { outcome: 'function-failed', error: expect.any(SyntaxError) }],
    [
      'returns a number',
      (() => 1) as never,
      { error: new TypeError('authenticate returned 1: return true or false') },
    ],
    ['hangs', () => new Promise<boolean>(() => {}), { outcome: 'function-timeout' }],
  ])('authenticate that %s serves nobody', async (_, authenticate, record) => {
    const started = await start(socksServer, { authenticate, functionTimeoutMs: 20 })
    const sent = [bytes(5, 1, 2), password('ada', 'pw'), toIpv4(80, 192, 0, 2, 1)]
    expect(await answered(started.port, ...sent)).toEqual(bytes(5, 2, 1, 1))
    expect(await started.record()).toMatchObject(record)
  })

  test.each<[string, Buffer[], Buffer]>([
    ['nothing', [], bytes()],
    ['half a greeting', [bytes(5, 3, 0)], bytes()],
    ['half a request', [GREETING, bytes(5, 1, 0, 3, 200, 97)], Buffer.concat([bytes(5, 0), reply(1)])],
  ])('a client that sends %s is ended after requestTimeoutMs', async (_, sent, answer) => {
    const { port, record } = await start(socksServer, { requestTimeoutMs: 30 })
    expect(await answered(port, ...sent)).toEqual(answer)
    expect((await record()).outcome).toBe('request-timeout')
  })

  test.each<[string, Buffer]>([
    ['SOCKS4', bytes(4, 1, 0, 80, 192, 0, 2, 1, 0)],
    ['HTTP', Buffer.from('CONNECT a:1 HTTP/1.1\r\n\r\n')],
    ['much garbage', Buffer.alloc(300_000, 7)],
  ])('a client that speaks %s is closed without an answer', async (_, sent) => {
    const { port, record } = await start(socksServer)
    expect(await answered(port, sent)).toEqual(bytes())
    expect(await record()).toMatchObject({ outcome: 'bad-request' })
  })

  test('a client that ends in its greeting has a record, and one that sent nothing has none', async () => {
    const { port, records, server } = await start(socksServer)
    const silent = await client(port)
    silent.reset()
    const brief = await client(port, bytes(5, 2))
    brief.end()
    await brief.ended
    expect(await records.first(1)).toMatchObject([{ outcome: 'bad-request', reason: 'it ended early' }])
    server.close()
    await new Promise((resolve) => server.once('close', resolve))
    expect(records.all.length).toBe(1)
  })

  test('a client that goes away while allow works aborts the signal', async () => {
    let signal: AbortSignal | undefined
    const allow = (asked: AskedConnection) => {
      signal = asked.signal
      return new Promise<boolean>(() => {})
    }
    const { port, record } = await start(socksServer, { allow })
    const peer = await client(port, GREETING, toIpv4(80, 192, 0, 2, 1))
    await until(() => signal !== undefined)
    peer.reset()
    expect(await record()).toMatchObject({ outcome: 'client-gone', target: '192.0.2.1:80' })
    expect(signal!.aborted).toBe(true)
  })

  test('the options and the types of socksServer', () => {
    expect(() => socksServer({} as ForwardServerOptions)).toThrow('socksServer: options.allow: is missing')
    expect(() => socksServer({ allow: anything, users: [] } as never)).toThrow('options.users: is no option')
    expectTypeOf(socksServer).parameter(0).toEqualTypeOf<ForwardServerOptions>()
    expectTypeOf(socksServer).returns.toEqualTypeOf<ForwardServer>()
  })
})

test.skipIf(areMissing('curl'))(
  'curl gets through socksServer by name, by address, and with a password',
  async () => {
    const { port, records } = await start(socksServer, { authenticate: checkAda })
    const webPort = await listening(createHttpServer((_, response) => response.end('hello')))
    const curl = (option: string, proxy: string, host: string) =>
      run('curl', ['-sS', option, proxy, `http://${host}:${webPort}/`])
    const proxy = `ada:pw@127.0.0.1:${port}`
    expect(await curl('--socks5', proxy, '127.0.0.1')).toMatchObject({ code: 0, stdout: 'hello' })
    expect(await curl('--socks5-hostname', proxy, 'localhost')).toMatchObject({ code: 0, stdout: 'hello' })
    expect(await curl('--socks5-hostname', `ada:no@127.0.0.1:${port}`, 'localhost')).toMatchObject({
      code: 97,
    })
    expect(await curl('--socks5', `127.0.0.1:${port}`, '127.0.0.1')).toMatchObject({ code: 97 })
    expect((await records.first(4)).map(({ outcome, target }) => [outcome, target])).toEqual([
      ['served', `127.0.0.1:${webPort}`],
      ['served', `localhost:${webPort}`],
      ['wrong-credentials', undefined],
      ['wrong-credentials', undefined],
    ])
  },
)

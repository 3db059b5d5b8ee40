/** The server for HTTP CONNECT: what it answers, whom it serves, and what hostile clients get. */
import { writeFileSync } from 'node:fs'
import { createServer as createHttpServer, request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  type Allowance,
  type AskedConnection,
  connectServer,
  type ForwardServer,
  type ForwardServerOptions,
  MillraceError,
} from '../../src/index.js'
import { selfSigned } from '../support/certificate.js'
import { closedPort } from '../support/closed-port.js'
import { temporaryFolder } from '../support/folder.js'
import { startNginx } from '../support/nginx.js'
import { areMissing, Program, run } from '../support/programs.js'
import { turns, until } from '../support/wait.js'
import { all, anything, backend, client, echo, LOOPBACK, start } from './servers.js'

const connectTo = (target: string, ...fields: string[]) =>
  `CONNECT ${target} HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
const basic = (text: string) => `Proxy-Authorization: Basic ${Buffer.from(text).toString('base64')}`
const checkAda = ({ user, password }: { user: string; password: string }) =>
  user === 'ada' && password === 'p:w'

describe('connectServer', () => {
  test('a client that sends bytes behind its request gets them through to its host', async () => {
    const { port, record, server } = await start(connectServer)
    const target = `127.0.0.1:${await echo()}`
    const peer = await client(port, `${connectTo(target)}early `, 'late')
    await peer.receive('HTTP/1.1 200 Connection Established\r\n\r\nearly late'.length)
    expect(server.pipes.size).toBe(1)
    peer.end()
    expect(await all(peer)).toBe('HTTP/1.1 200 Connection Established\r\n\r\nearly late')
    expect(await record()).toMatchObject({
      outcome: 'served',
      target,
      address: target,
      client: { kind: 'tcp', host: '127.0.0.1' },
      pipe: { bytesUp: 10, bytesDown: 10, ended: { cause: 'finished' } },
    })
    expect(server.pipes.size).toBe(0)
  })

  test('a request that comes byte by byte is served', async () => {
    const { port } = await start(connectServer)
    const peer = await client(port)
    for (const byte of connectTo(`127.0.0.1:${await echo()}`, 'Host: x')) {
      peer.send(Buffer.from(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    peer.send(Buffer.from('x'))
    peer.end()
    expect(await all(peer)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nx$/)
  })

  test('allow gets host, port, client and user, in one spelling', async () => {
    const asked: AskedConnection[] = []
    const allow = (each: AskedConnection) => asked.push(each) === 0
    const { port, record } = await start(connectServer, { allow, authenticate: checkAda })
    expect(await all(await client(port, connectTo('EXAMPLE.com.:443', basic('ada:p:w'))))).toMatch(
      /^HTTP\/1\.1 403 /,
    )
    expect(asked).toMatchObject([
      { host: 'example.com', port: 443, user: 'ada', client: { kind: 'tcp', host: '127.0.0.1' } },
    ])
    expect(await record()).toMatchObject({ outcome: 'not-allowed', target: 'example.com:443', user: 'ada' })
  })

  test.each([
    ['127.0.0.1', 'is a loopback address'],
    ['[::1]', 'is a loopback address'],
    ['[::ffff:127.0.0.1]', 'is a loopback address'],
    ['10.0.0.1', 'is a private address (RFC 1918)'],
    ['[fd00::1]', 'is a private address (RFC 4193)'],
    ['169.254.169.254', 'metadata service'],
    ['[64:ff9b::7f00:1]', 'is a loopback address'],
    ['localhost', 'is a loopback address'],
  ])('%s is refused although allow returns true', async (host, reason) => {
    const { port, record } = await start(connectServer, { allow: () => true })
    expect(await all(await client(port, connectTo(`${host}:443`)))).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    expect(await record()).toMatchObject({ outcome: 'not-allowed', reason: expect.stringContaining(reason) })
  })

  test('a server does not connect to itself, whatever allow returns', async () => {
    const { port, record } = await start(connectServer)
    expect(await all(await client(port, connectTo(`127.0.0.1:${port}`)))).toMatch(/^HTTP\/1\.1 403 /)
    expect((await record()).reason).toContain('is a listener of millrace')
  })

  test('a host name and an IPv6 literal lead to addresses that networks allow', async () => {
    const { port, records } = await start(connectServer)
    const name = await client(port, `${connectTo(`localhost:${await echo()}`)}x`)
    name.end()
    expect(await all(name)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nx$/)
    const literal = await client(port, `${connectTo(`[::1]:${await echo('::1')}`)}x`)
    literal.end()
    expect(await all(literal)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nx$/)
    expect((await records.first(2))[1]!.address).toMatch(/^\[::1\]:\d+$/)
  })

  test.each([
    ['no port', 'example.com'],
    ['port 0', 'example.com:0'],
    ['port 65536', 'example.com:65536'],
    ['a number that is no IPv4 address', '0x7f.1:80'],
    ['a decimal IPv4 address', '2130706433:80'],
    ['a zone', '[fe80::1%eth0]:80'],
    ['IPv6 without brackets', '::1:80'],
    ['a URL', 'http://example.com:80/'],
    ['user and password', 'a@example.com:80'],
  ])('a target with %s is answered with 400', async (_, target) => {
    const { port, record } = await start(connectServer)
    expect(await all(await client(port, connectTo(target)))).toMatch(/^HTTP\/1\.1 400 /)
    expect((await record()).outcome).toBe('bad-request')
  })

  test('a host that refuses is answered with 502, and a name without an address too', async () => {
    const { port, records } = await start(connectServer)
    expect(await all(await client(port, connectTo(`127.0.0.1:${await closedPort()}`)))).toMatch(
      /^HTTP\/1\.1 502 /,
    )
    expect(await all(await client(port, connectTo('nobody.invalid:80')))).toMatch(/^HTTP\/1\.1 502 /)
    expect(await records.first(2)).toMatchObject([
      { outcome: 'connect-failed', reason: 'ECONNREFUSED' },
      { outcome: 'not-resolved' },
    ])
  })

  test.each([
    ['no credentials', []],
    ['a wrong password', [basic('ada:wrong')]],
    ['another scheme', ['Proxy-Authorization: Bearer x']],
    ['no colon', [basic('ada')]],
    ['broken base64', ['Proxy-Authorization: Basic !!!']],
  ])('a client with %s is answered with 407 and a challenge', async (_, fields) => {
    const { port, record } = await start(connectServer, { authenticate: checkAda })
    const text = await all(await client(port, connectTo('example.com:443', ...fields)))
    expect(text).toMatch(
      /^HTTP\/1\.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"/,
    )
    expect(await record()).toMatchObject({ outcome: 'wrong-credentials' })
    expect(JSON.stringify(await record())).not.toContain('wrong"')
  })

  test.each<[string, ForwardServerOptions['allow'], number, object]>([
    ['throws', () => JSON.parse('{'), 500, { outcome: 'function-failed', error: expect.any(SyntaxError) }],
    ['rejects', () => Promise.reject(new Error('down')), 500, { error: new Error('down') }],
    [
      'returns nothing',
      (() => {}) as never,
      500,
      { error: new TypeError('allow returned undefined: return true, false or { networks: [...] }') },
    ],
    ['returns bad networks', () => ({ networks: ['all'] }), 500, { error: expect.any(MillraceError) }],
    ['hangs', () => new Promise<boolean>(() => {}), 503, { outcome: 'function-timeout' }],
  ])('allow that %s serves nobody, and the record says why', async (_, allow, status, record) => {
    const started = await start(connectServer, { allow, functionTimeoutMs: 20 })
    expect(await all(await client(started.port, connectTo('example.com:443')))).toContain(
      `HTTP/1.1 ${status} `,
    )
    expect(await started.record()).toMatchObject(record)
  })

  test('a client that goes away while allow works aborts the signal, and no host is asked', async () => {
    let signal: AbortSignal | undefined
    const allow = (asked: AskedConnection) => {
      signal = asked.signal
      return new Promise<Allowance>((resolve) => signal!.addEventListener('abort', () => resolve(LOOPBACK)))
    }
    let clients = 0
    const target = await backend(() => clients++)
    const { port, record } = await start(connectServer, { allow })
    const peer = await client(port, connectTo(`127.0.0.1:${target}`))
    await until(() => signal !== undefined)
    peer.reset()
    expect(await record()).toMatchObject({ outcome: 'client-gone', address: undefined })
    expect(clients).toBe(0)
  })

  test('a client that has sent FIN behind its request gets the whole answer of its host', async () => {
    const { port } = await start(connectServer)
    const target = await backend((socket) => socket.on('end', () => socket.end('answer')).resume())
    const peer = await client(port, connectTo(`127.0.0.1:${target}`))
    peer.end()
    expect(await all(peer)).toMatch(/\r\n\r\nanswer$/)
  })

  test('a client that sends nothing, or half a request, gets 408', async () => {
    const { port, records } = await start(connectServer, { requestTimeoutMs: 40 })
    expect(await all(await client(port))).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
    expect(await all(await client(port, 'CONNECT a:1 HTTP/1.1\r\nHo'))).toMatch(/^HTTP\/1\.1 408 /)
    expect(await records.first(2)).toMatchObject([
      { outcome: 'request-timeout' },
      { outcome: 'request-timeout' },
    ])
  })

  test.each([0, 0.5, Number.POSITIVE_INFINITY])('times of %d ms are taken', async (ms) => {
    const times = { requestTimeoutMs: ms, functionTimeoutMs: 0, connectTimeoutMs: Number.POSITIVE_INFINITY }
    const { port } = await start(connectServer, ms === 0.5 ? { requestTimeoutMs: ms } : times)
    const peer = await client(port, ms === 0.5 ? '' : `${connectTo(`127.0.0.1:${await echo()}`)}x`)
    peer.end()
    expect(await all(peer)).toMatch(ms === 0.5 ? /^(HTTP\/1\.1 408 |$)/ : /^HTTP\/1\.1 200 .*\r\n\r\nx$/)
  })

  test.each<[string, string | Buffer, number]>([
    ['GET', 'GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n', 405],
    ['an upgrade', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n', 405],
    ['garbage', Buffer.from([22, 3, 1, 0, 200, 1, 0, 0]), 400],
    ['two lengths', connectTo('a:1', 'Content-Length: 1', 'Content-Length: 2'), 400],
    ['a head of 20 KiB', connectTo('a:1', `X: ${'x'.repeat(20_000)}`), 431],
  ])('a client that sends %s is answered and closed', async (_, bytes, status) => {
    const { port, record } = await start(connectServer)
    expect(await all(await client(port, bytes))).toContain(`HTTP/1.1 ${status} `)
    expect((await record()).outcome).toBe(status === 405 ? 'not-served' : 'bad-request')
  })

  test('a client that sends many requests at once leaves no listeners behind', async () => {
    const warnings: Error[] = []
    const warned = (warning: Error) => warnings.push(warning)
    process.on('warning', warned)
    const { port, records } = await start(connectServer)
    const peer = await client(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(30))
    expect(await all(peer)).toMatch(/^HTTP\/1\.1 405 /)
    await records.first(1)
    await turns(10)
    process.off('warning', warned)
    expect(warnings).toEqual([])
  })

  test('onRecord that throws is told once, and the server goes on', async () => {
    const warnings: Error[] = []
    const warned = (warning: Error) => warnings.push(warning)
    process.on('warning', warned)
    const { port } = await start(connectServer, {
      onRecord: () => {
        throw new Error('full')
      },
    })
    for (let i = 0; i < 3; i++) expect(await all(await client(port, connectTo('a')))).toContain(' 400 ')
    await until(() => warnings.length > 0)
    process.off('warning', warned)
    expect(warnings).toMatchObject([{ code: 'MILLRACE_RECORD_FAILED' }])
  })

  test('connections that run are counted and can be closed', async () => {
    const { port, record, server } = await start(connectServer)
    const peer = await client(port, connectTo(`127.0.0.1:${await echo()}`))
    await until(() => server.pipes.size === 1)
    for (const pipe of server.pipes) pipe.close()
    await peer.ended
    expect((await record()).pipe?.ended).toMatchObject({ by: 'proxy', cause: 'ordered' })
  })
})

describe('the options of connectServer', () => {
  test.each<[unknown, string]>([
    [undefined, 'connectServer: options.allow: is missing: expected a function that says'],
    [{}, 'connectServer: options.allow: is missing'],
    [{ allow: true }, 'options.allow: expected a function that says'],
    [{ allow: anything, auth: anything }, 'options.auth: is no option: did you mean "authenticate"?'],
    [{ allow: anything, idleTimeoutMs: '1s' }, 'options.idleTimeoutMs: expected a number of ms'],
    [{ allow: anything, onRecord: 1 }, 'options.onRecord: expected a function'],
  ])('%o is refused', (options, message) => {
    expect(() => connectServer(options as ForwardServerOptions)).toThrow(message)
  })

  test('the types of connectServer', () => {
    expectTypeOf(connectServer).parameter(0).toEqualTypeOf<ForwardServerOptions>()
    expectTypeOf(connectServer).returns.toEqualTypeOf<ForwardServer>()
    expectTypeOf<ForwardServerOptions['allow']>().returns.toEqualTypeOf<
      boolean | Allowance | Promise<boolean | Allowance>
    >()
    expectTypeOf<Allowance>().toEqualTypeOf<{ readonly networks: readonly string[] }>()
    expectTypeOf<keyof ForwardServerOptions>().toEqualTypeOf<
      | 'allow'
      | 'authenticate'
      | 'onRecord'
      | 'requestTimeoutMs'
      | 'functionTimeoutMs'
      | 'connectTimeoutMs'
      | 'splice'
      | 'halfClose'
      | 'idleTimeoutMs'
      | 'halfClosedTimeoutMs'
      | 'maxLifetimeMs'
    >()
  })
})

test('a request of node:http gets its connection with the event connect', async () => {
  const { port } = await start(connectServer)
  const web = createHttpServer((_, response) => response.end('hello'))
  const webPort = await import('./servers.js').then(({ listening }) => listening(web))
  const request = httpRequest({ port, host: '127.0.0.1', method: 'CONNECT', path: `127.0.0.1:${webPort}` })
  request.end()
  const text = await new Promise((resolve) =>
    request.on('connect', (response, socket) => {
      expect(response.statusCode).toBe(200)
      socket.end('GET / HTTP/1.0\r\n\r\n')
      let received = ''
      socket.on('data', (bytes: Buffer) => {
        received += bytes
      })
      socket.on('end', () => resolve(received))
    }),
  )
  expect(text).toMatch(/hello$/)
})

describe.skipIf(areMissing('curl', 'nginx', 'openssl'))('connectServer and programs', () => {
  const folder = temporaryFolder()

  test('curl and openssl get through, and curl tells the answer if they do not', async () => {
    const { port, records } = await start(connectServer, { authenticate: checkAda })
    const pair = await selfSigned(folder)
    writeFileSync(join(folder, 'file'), Buffer.alloc(3_000_000, 'example '))
    const nginxPort = await startNginx(folder, pair)
    const received = join(folder, 'received')
    const curl = (user: string, url: string, ...more: string[]) =>
      run('curl', [
        '-sS',
        '-x',
        `http://127.0.0.1:${port}`,
        '-U',
        user,
        '--cacert',
        pair.cert,
        '-o',
        received,
        ...more,
        url,
      ])
    expect(await curl('ada:p:w', `https://localhost:${nginxPort}/file`)).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(await curl('ada:p:w', `https://localhost:${nginxPort}/file`, '--proxy-anyauth')).toMatchObject({
      code: 0,
    })
    expect((await curl('ada:no', `https://localhost:${nginxPort}/file`)).stderr).toContain('407')
    expect((await curl('ada:p:w', `https://localhost:${await closedPort()}/`)).stderr).toContain('502')
    const s_client = new Program('openssl', [
      ...['s_client', '-proxy', `127.0.0.1:${port}`, '-proxy_user', 'ada', '-proxy_pass', 'pass:p:w'],
      ...['-connect', `localhost:${nginxPort}`, '-CAfile', pair.cert],
    ])
    await s_client.seen(() => s_client.stdout.includes('Verify return code: 0 (ok)'))
    await s_client.kill()
    expect((await records.first(6)).map(({ outcome }) => outcome).sort()).toEqual([
      'connect-failed',
      'served',
      'served',
      'served',
      'wrong-credentials',
      'wrong-credentials',
    ])
  })
})

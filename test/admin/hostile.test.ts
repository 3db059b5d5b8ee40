/** Broken, slow, many or malicious callers of the admin server. Traffic goes on, and their cost has a bound. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openFds } from '../support/fds.js'
import { until } from '../support/wait.js'
import { BARE, closed, expectProblem, HEAD, JSON_HEAD, Rig } from './rig.js'

let rig: Rig
beforeEach(async () => {
  rig = await Rig.start()
})
afterEach(() => rig.end())

describe('hostile callers of the admin server', () => {
  it.each<[string, string | Buffer]>([
    ['no HTTP', 'SSH-2.0-OpenSSH_9\r\n'],
    ['bytes of every value', Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919) % 256))],
    ['a NUL in the path', `GET /\0 HTTP/1.1\r\n${HEAD}\r\n`],
    ['endless headers', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`],
    ['5000 headers', `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(5000)}\r\n`],
    [
      'two Content-Length headers',
      `POST /api/v1/reload HTTP/1.1\r\n${HEAD}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc`,
    ],
    [
      'both Content-Length and chunks',
      `POST /api/v1/reload HTTP/1.1\r\n${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a whole URL as path', `GET http://evil.example/ HTTP/1.1\r\n${HEAD}\r\n`],
    ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${HEAD}\r\n`],
    ['CONNECT', `CONNECT localhost:22 HTTP/1.1\r\n${HEAD}\r\n`],
    [
      'an Upgrade header',
      `GET /api/v1/status HTTP/1.1\r\n${HEAD}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    ],
  ])('a caller that sends %s is answered or closed, and traffic goes on', async (_, bytes) => {
    const client = await rig.join()
    const caller = await rig.raw(bytes)
    caller.resume()
    caller.end()
    await closed(caller)
    client.send(Buffer.from('still'))
    await client.receive(10)
    expect(await rig.ask('/livez')).toMatchObject({ status: 200 })
  })

  it('a caller that sends deeply nested JSON or the key __proto__ gets 400 or 422', async () => {
    const json = { 'content-type': 'application/json' }
    for (const body of [
      '['.repeat(8000),
      '{"__proto__": {"all": true}}',
      '{"constructor": 1}',
      'null',
      '1e999',
    ]) {
      const { status } = await rig.ask('/api/v1/connections/kill', { method: 'POST', body, headers: json })
      expect([400, 422]).toContain(status)
    }
    expect(Object.prototype).not.toHaveProperty('all')
  })

  it('a caller that sends three requests at once gets three answers', async () => {
    const caller = await rig.raw(`GET /livez HTTP/1.1\r\n${HEAD}\r\n`.repeat(3))
    let heard = ''
    caller.on('data', (chunk: Buffer) => {
      heard += chunk
    })
    await until(() => heard.split('ok\n').length === 4)
    caller.destroy()
  })

  it.each<[string, string, number]>([
    ['send nothing', '', 0],
    ['send half a request', 'POST /api/v1/connections/kill HTTP/1.1\r\nHost: local', 0],
    ['send requests and read no answers', `GET /assets/page.js HTTP/1.1\r\n${BARE}\r\n`, 1000],
    ['have no token and do not end their request', `POST /api/v1/drain HTTP/1.1\r\n${BARE}`, 0],
  ])('a hundred callers that %s do not keep others from an answer', async (_, bytes, times) => {
    const stuck = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = await rig.raw(bytes.repeat(Math.max(1, times)))
        return times === 0 ? socket.resume() : socket.pause()
      }),
    )
    for (const path of ['/livez', '/readyz', '/metrics', '/api/v1/status']) {
      expect(await rig.ask(path)).toMatchObject({ status: 200 })
    }
    for (const socket of stuck) socket.destroy()
  })

  it('a caller that waits for a drain is not closed for 100 new callers, and leaves no fd behind', async () => {
    const client = await rig.join()
    const body = '{"listener": "front", "deadlineMs": 0}'
    const head = `${HEAD}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
    const waiting = await rig.raw(`POST /api/v1/drain HTTP/1.1\r\n${head}\r\n${body}`)
    await rig.bed.told(/^draining$/)
    const withIt = openFds().length
    const many = await Promise.all(Array.from({ length: 100 }, () => rig.raw('GET')))
    expect(await rig.ask('/livez')).toMatchObject({ status: 200 })
    expect(waiting.closed).toBe(false)
    for (const socket of [...many, waiting]) socket.destroy()
    // The caller's socket and the server's.
    await until(() => openFds().length <= withIt - 2)
    client.end()
  })

  it.each([
    ['scrapes of the metrics', '/metrics', 'statuses'],
    ['requests for the status', '/api/v1/status', 'statuses'],
    ['requests for the connections', '/api/v1/connections?client=10.0.0.0/8', 'lists'],
  ] as const)('many %s make the admin server ask the proxy only once in 250 ms', async (_, path, count) => {
    const storm = async (): Promise<void> => {
      for (let i = 0; i < 25; i++) expect(await rig.ask(path)).toMatchObject({ status: 200 })
    }
    const began = performance.now()
    const now = vi.spyOn(performance, 'now').mockReturnValue(began)
    onTestFinished(() => now.mockRestore())
    await Promise.all(Array.from({ length: 20 }, storm))
    expect(rig[count]).toBe(1)
    now.mockReturnValue(began + 250)
    await storm()
    expect(rig[count]).toBe(2)
  })
})

describe('bad requests to the admin server', () => {
  it.each<[string, string, number, RegExp]>([
    ['has endless headers', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`, 431, /8 KiB/],
    ['has an endless path', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${HEAD}\r\n`, 431, /8 KiB/],
    ['is not HTTP', 'SSH-2.0-OpenSSH_9\r\n', 400, /no HTTP/],
    ['has an unknown method', `BREW /pot HTTP/1.1\r\n${HEAD}\r\n`, 400, /no HTTP/],
    ['has an unknown Expect header', `GET /livez HTTP/1.1\r\n${HEAD}Expect: tea\r\n\r\n`, 417, /"tea"/],
    ['is a CONNECT', `CONNECT localhost:22 HTTP/1.1\r\n${HEAD}\r\n`, 405, /CONNECT/],
    [
      'has chunks of more than 16 KiB',
      `POST /api/v1/drain HTTP/1.1\r\n${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n5000\r\n${'x'.repeat(0x5000)}`,
      413,
      /16384/,
    ],
  ])(
    'a caller whose request %s gets an error status with a reason as JSON',
    async (_, bytes, status, detail) => {
      expectProblem(await rig.answerTo(bytes), status, detail)
    },
  )

  it('a caller that sends nonsense after a request gets one whole answer', async () => {
    const text = await rig.answerTo(`GET /livez HTTP/1.1\r\n${HEAD}\r\nnonsense\r\n\r\n`)
    expect(text).not.toMatch(/nonsense/)
    expect(text).toMatch(/^HTTP\/1\.1 (200 OK|400 Bad Request)\r\n/)
  })

  it('a caller that breaks off in its request leaves no fd open and no error in the log', async () => {
    const before = openFds().length
    const caller = await rig.raw(`POST /api/v1/drain HTTP/1.1\r\n${JSON_HEAD}Content-Length: 9\r\n\r\n{`)
    await until(() => openFds().length >= before + 2)
    caller.destroy()
    await until(() => openFds().length <= before)
    expect(await rig.ask('/livez')).toMatchObject({ status: 200 })
    expect(rig.bed.logged.filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('event streams of the admin server', () => {
  const listen = (): Promise<Socket> => rig.raw(`GET /api/v1/events HTTP/1.1\r\n${HEAD}\r\n`)

  it('the admin server refuses the 17th event stream with 503 and Retry-After', async () => {
    const callers = await Promise.all(Array.from({ length: 16 }, listen))
    await Promise.all(callers.map((caller) => once(caller, 'data')))
    expect(await rig.ask('/api/v1/events')).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    callers[0]!.destroy()
    await until(() => callers[0]!.closed)
    let status = 503
    while (status === 503) {
      const again = await listen()
      status = Number(/ (\d+) /.exec(String((await once(again, 'data'))[0]))![1])
      again.destroy()
    }
    expect(status).toBe(200)
    for (const caller of callers) caller.destroy()
  })

  it('a HEAD request for the event stream is answered at once and takes no place of a stream', async () => {
    for (let i = 0; i < 20; i++) {
      expect(await rig.ask('/api/v1/events', { method: 'HEAD' })).toMatchObject({
        status: 200,
        text: '',
        headers: { 'content-type': 'text/event-stream; charset=utf-8' },
      })
    }
  })

  it('an event stream ends when the admin server stops', async () => {
    const caller = await listen()
    await once(caller, 'data')
    caller.resume()
    await rig.admin.stop()
    await closed(caller)
  })
})

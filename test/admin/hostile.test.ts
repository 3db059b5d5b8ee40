/** Callers that are broken, slow, many or malicious: traffic goes on, and what they cost is bounded. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../support/wait.js'
import { Rig, TOKEN } from './rig.js'

let rig: Rig
beforeEach(async () => {
  rig = await Rig.start()
})
afterEach(() => rig.end())

/** However it ends. */
const closed = async (socket: Socket): Promise<void> => {
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()))
}

const HEAD = `Host: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n`

describe('hostile callers', () => {
  it.each<[string, string | Buffer]>([
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9\r\n'],
    ['bytes of all kinds', Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919) % 256))],
    ['a NUL in the path', `GET /\0 HTTP/1.1\r\n${HEAD}\r\n`],
    ['headers without an end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`],
    ['many headers', `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(5000)}\r\n`],
    [
      'two lengths',
      `POST /api/v1/reload HTTP/1.1\r\n${HEAD}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc`,
    ],
    [
      'a length beside chunks',
      `POST /api/v1/reload HTTP/1.1\r\n${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a path that is a whole address', `GET http://evil.example/ HTTP/1.1\r\n${HEAD}\r\n`],
    ['an asterisk', `OPTIONS * HTTP/1.1\r\n${HEAD}\r\n`],
    ['a tunnel', `CONNECT localhost:22 HTTP/1.1\r\n${HEAD}\r\n`],
    ['an upgrade', `GET /api/v1/status HTTP/1.1\r\n${HEAD}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`],
  ])('that send %s are answered or let go, and nobody else notices', async (_, bytes) => {
    const client = await rig.join()
    const caller = await rig.raw(bytes)
    caller.resume()
    caller.end()
    await closed(caller)
    client.send(Buffer.from('still'))
    await client.receive(10)
    expect(await rig.ask('/livez')).toMatchObject({ status: 200 })
  })

  it('that nest JSON deeply, or name what every object has, get a 422 or a 400', async () => {
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

  it('that send several requests at once get as many answers, in order', async () => {
    const caller = await rig.raw(`GET /livez HTTP/1.1\r\n${HEAD}\r\n`.repeat(3))
    let heard = ''
    caller.on('data', (chunk: Buffer) => {
      heard += chunk
    })
    await until(() => heard.split('ok\n').length === 4)
    caller.destroy()
  })

  it('a hundred that are stuck in the middle of a request do not keep traffic from flowing', async () => {
    const stuck = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = await rig.raw('POST /api/v1/connections/kill HTTP/1.1\r\nHost: local')
        socket.resume()
        return socket
      }),
    )
    const client = await rig.join()
    client.send(Buffer.from('still'))
    await client.receive(10)
    // Those that are too many are closed at once, the others when their time is over.
    await Promise.all(stuck.map(closed))
    expect(await rig.ask('/livez')).toMatchObject({ status: 200 })
  }, 20_000)

  it('a storm of scrapes costs one status in a while', async () => {
    const scrapes = async (): Promise<void> => {
      for (let i = 0; i < 25; i++) expect(await rig.ask('/metrics')).toMatchObject({ status: 200 })
    }
    const began = performance.now()
    await Promise.all(Array.from({ length: 20 }, scrapes))
    const most = 2 + (performance.now() - began) / 250
    expect(rig.statuses).toBeLessThanOrEqual(most)
  })
})

describe('event streams', () => {
  const listen = (): Promise<Socket> => rig.raw(`GET /api/v1/events HTTP/1.1\r\n${HEAD}\r\n`)

  it('tell at once, and again each second', async () => {
    const caller = await listen()
    let heard = ''
    caller.on('data', (chunk: Buffer) => {
      heard += chunk
    })
    await until(() => heard.split('event: status').length === 4)
    const data = JSON.parse(/^data: (.*)$/m.exec(heard)![1]!)
    expect(data).toMatchObject({ status: { state: 'running' }, connections: [], mayChange: true })
    caller.destroy()
  })

  it('are few: who comes too late is told to come again', async () => {
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

  it('end with the server', async () => {
    const caller = await listen()
    await once(caller, 'data')
    caller.resume()
    await rig.admin.stop()
    await closed(caller)
  })
})

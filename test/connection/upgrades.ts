/** WebSocket upgrades with raw sockets on both sides: which bytes reach which side, and when. */
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { Bed } from '../proxy/bed.js'
import { hastened } from '../proxy/time.js'
import { Backend } from '../support/backend.js'
import { advanceClock } from '../support/clock.js'
import type { Peer } from '../support/peer.js'
import { turns } from '../support/wait.js'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
export const UPGRADE = [
  'GET /chat?token=secret HTTP/1.1',
  'Host: ws.test',
  'Connection: keep-alive, Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${KEY}`,
  '',
  '',
].join('\r\n')
export const SWITCHING = [
  'HTTP/1.1 101 Switching Protocols',
  'Connection: Upgrade',
  'Upgrade: websocket',
  `Sec-WebSocket-Accept: ${ACCEPT}`,
  '',
  '',
].join('\r\n')
const END = Buffer.from('\r\n\r\n')

/** Resolves with the head that `peer` has received. The bytes behind it stay for the test. */
export async function headAt(peer: Peer): Promise<string> {
  for (let least = 1; ; least = peer.receivedBytes + 1) {
    const end = peer.received.indexOf(END)
    if (end !== -1) return peer.received.subarray(0, end + END.length).toString()
    await peer.receive(least)
  }
}

/** An answer as the client gets it: with `Connection: close`. */
export const closing = (answer: string): string => answer.replace('\r\n', '\r\nConnection: close\r\n')

export function describeUpgrades(): void {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => await bed.end())

  const start = async (listener: Partial<ListenerInput> = {}, timeouts = {}) => {
    const front = {
      name: 'front',
      address: '127.0.0.1:0',
      cluster: 'back',
      protocol: 'http',
      ...listener,
    } as const
    bed = await Bed.start({ backends: [backend], listeners: [front], timeouts })
  }

  const open = async (bytes: string): Promise<{ client: Peer; peer: Peer; head: string }> => {
    const client = await bed.connect()
    client.send(Buffer.from(bytes))
    const peer = await backend.accepted()
    return { client, peer, head: await headAt(peer) }
  }

  const after = (peer: Peer, head: string): string => peer.received.subarray(head.length).toString()

  const finish = async (client: Peer, peer: Peer): Promise<void> => {
    client.end()
    peer.end()
    await Promise.all([client.closed, peer.closed])
  }

  it('an upgrade goes to the backend byte for byte, with X-Forwarded-… set anew', async () => {
    await start()
    const { client, peer, head } = await open(UPGRADE)
    const [line, ...lines] = UPGRADE.split('\r\n')
    const added = ['X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Proto: http', 'X-Forwarded-Host: ws.test']
    expect(head).toBe([line, ...added, ...lines].join('\r\n'))
    peer.send(Buffer.from(SWITCHING))
    await client.receive(SWITCHING.length)
    await finish(client, peer)
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({
      protocol: 'WS',
      http: { method: 'GET', authority: 'ws.test', path: '/chat', status: 101 },
      bytesUp: UPGRADE.length,
      bytesDown: SWITCHING.length,
      ended: { cause: 'finished' },
    })
    expect(JSON.stringify(record)).not.toContain('secret')
  })

  it('the first byte of an upgrade is its response head, not later bytes of the tunnel', async () => {
    await start()
    const { client, peer } = await open(UPGRADE)
    peer.send(Buffer.from(SWITCHING))
    await client.receive(SWITCHING.length)
    advanceClock(60)
    peer.send(Buffer.from('late'))
    await client.receive(4)
    await finish(client, peer)
    const { waitMs, connectMs, firstByteMs, totalMs } = (await bed.recorded(1))[0]!.timings
    // Each of the times is rounded.
    expect(totalMs - waitMs! - connectMs! - firstByteMs!).toBeGreaterThan(59)
    const { firstByteSeconds } = bed.proxy.status().clusters[0]!
    expect(firstByteSeconds.counts.reduce((sum, count) => sum + count)).toBe(1)
  })

  it('the record of an upgrade has its query with logQuery', async () => {
    await start({ logQuery: true })
    const { client, peer } = await open(UPGRADE)
    peer.send(Buffer.from(SWITCHING))
    await client.receive(SWITCHING.length)
    await finish(client, peer)
    expect((await bed.recorded(1))[0]!.http!.path).toBe('/chat?token=secret')
  })

  it('an upgrade holds early bytes of the client until the backend has accepted (CVE-2026-2833)', async () => {
    await start()
    const { client, peer, head } = await open(`${UPGRADE}early`)
    client.send(Buffer.from(' and more'))
    await turns(50)
    expect(after(peer, head)).toBe('')
    peer.send(Buffer.from(SWITCHING))
    await peer.receive(head.length + 14)
    expect(after(peer, head)).toBe('early and more')
    await finish(client, peer)
  })

  it.each([
    ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['403 with chunks', 'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n'],
    ['426', 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n'],
    [
      '400 and keep-alive',
      'HTTP/1.1 400 No\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\nContent-Length: 0\r\n\r\n',
    ],
    [
      '501 and other protocols',
      'HTTP/1.1 501 No\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n',
    ],
  ])(
    'an upgrade that is answered with %s opens no tunnel, and its answer is passed on with `close`',
    async (_, answer) => {
      const oneHop = /(?:Connection|Keep-Alive|Upgrade): .*\r\n/g
      await start()
      const { client, peer, head } = await open(`${UPGRADE}GET /admin HTTP/1.1\r\nHost: x\r\n\r\n`)
      peer.send(Buffer.from(`${answer}HTTP/1.1 200 OK\r\n\r\n`))
      expect(await client.ended).toBe('fin')
      client.end()
      await peer.ended
      expect(client.received.toString()).toBe(closing(answer.replace(oneHop, '')))
      expect(after(peer, head)).toBe('')
      peer.end()
      const [record] = await bed.recorded(1)
      expect(record!.http!.status).toBe(Number(answer.slice(9, 12)))
    },
  )

  it('an upgrade delivers what the backend says right behind its 101 (sozu#1288, sozu#1287)', async () => {
    await start()
    const { client, peer } = await open(UPGRADE)
    peer.send(Buffer.from(`${SWITCHING}first`))
    await client.receive(SWITCHING.length + 5)
    expect(client.received.toString()).toBe(`${SWITCHING}first`)
    await finish(client, peer)
  })

  it('an upgrade passes on interim answers before the 101', async () => {
    await start()
    const { client, peer } = await open(UPGRADE)
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    peer.send(Buffer.from(early))
    peer.send(Buffer.from(SWITCHING))
    await client.receive(early.length + SWITCHING.length)
    expect(client.received.toString()).toBe(early + SWITCHING)
    await finish(client, peer)
  })

  it.each(['Content-Length: 0', 'Content-Length: 5', 'Transfer-Encoding: chunked'])(
    'an upgrade opens a tunnel behind a 101 that says %j, because a 101 has no body (RFC 9112 6.3)',
    async (field) => {
      await start()
      const { client, peer } = await open(UPGRADE)
      const switching = SWITCHING.replace('Upgrade: w', `${field}\r\nUpgrade: w`)
      peer.send(Buffer.from(`${switching}first`))
      await client.receive(switching.length + 5)
      expect(client.received.toString()).toBe(`${switching}first`)
      await finish(client, peer)
    },
  )

  it('an upgrade may say Content-Length: 0, which is no body', async () => {
    await start()
    const { client, peer, head } = await open(
      `${UPGRADE.replace('Upgrade: w', 'Content-Length: 0\r\nUpgrade: w')}early`,
    )
    expect(head).toContain('Content-Length: 0\r\n')
    peer.send(Buffer.from(SWITCHING))
    await peer.receive(head.length + 5)
    expect(after(peer, head)).toBe('early')
    await finish(client, peer)
  })

  it('an upgrade and its answer may come one byte at a time', async () => {
    await start()
    const client = await bed.connect()
    const trickle = async (peer: Peer, text: string): Promise<void> => {
      for (const character of text) {
        peer.send(Buffer.from(character))
        await new Promise<void>((resolve) => peer.socket.write('', () => resolve()))
      }
    }
    await trickle(client, `${UPGRADE}up`)
    const peer = await backend.accepted()
    const head = await headAt(peer)
    await trickle(peer, `${SWITCHING}down`)
    await client.receive(SWITCHING.length + 4)
    await peer.receive(head.length + 2)
    expect(client.received.toString()).toBe(`${SWITCHING}down`)
    expect(after(peer, head)).toBe('up')
    await finish(client, peer)
  })

  it.each([
    ['a wrong Sec-WebSocket-Accept', SWITCHING.replace(ACCEPT, 'x'.repeat(28)), /Sec-WebSocket-Accept/],
    ['another protocol', SWITCHING.replace('websocket', 'h2c'), /another protocol/],
    ['no HTTP', 'SSH-2.0-x\r\n', /status line/],
    ['a line that ends in LF', SWITCHING.replace('\r\nUpgrade', '\nUpgrade'), /./],
    ['an end', '', /^$/],
  ])('an upgrade answered with %s gets a 502 and no byte of the answer', async (_, answer, reason) => {
    await start()
    const { client, peer } = await open(UPGRADE)
    if (answer === '') peer.end()
    else peer.send(Buffer.from(`${answer}secret`))
    await client.ended
    client.end()
    const text = client.received.toString()
    expect(text).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/)
    expect(text).toContain('Connection: close\r\n')
    expect(text).not.toContain('secret')
    const { ended } = (await bed.recorded(1))[0]!
    if (answer === '')
      expect(ended).toMatchObject({ by: 'backend', phase: 'response', cause: 'backend-gone' })
    else expect(ended.cause.replace('bad-response: ', '')).toMatch(reason)
    // A backend that was sent everything is not reset. Many backends crash on a reset.
    expect(await peer.ended).toBe('fin')
    peer.end()
  })

  it('an upgrade without an answer gets a 504 after responseMs', async () => {
    await start({}, { responseMs: 30 })
    const { client, peer } = await open(UPGRADE)
    await client.ended
    client.end()
    expect(client.received.toString()).toMatch(/^HTTP\/1\.1 504 /)
    expect((await bed.recorded(1))[0]).toMatchObject({
      ended: { cause: 'response-timeout' },
      termination: 'sH',
    })
    await peer.ended
  })

  it('an upgrade without a backend gets a 503', async () => {
    await start()
    await backend.close()
    const client = await bed.connect()
    client.send(Buffer.from(UPGRADE))
    await client.ended
    client.end()
    expect(client.received.toString()).toMatch(/^HTTP\/1\.1 503 /)
  })

  it('an upgrade is given up when its client resets', async () => {
    await start()
    const { client, peer } = await open(UPGRADE)
    client.reset()
    await hastened(bed, peer.ended)
    expect((await bed.recorded(1))[0]).toMatchObject({ ended: { by: 'client', cause: 'client-gone' } })
  })

  it('an upgrade whose client ends is ended at the backend too, which may still answer', async () => {
    await start()
    const { client, peer } = await open(UPGRADE)
    client.end()
    expect(await peer.ended).toBe('fin')
    peer.send(Buffer.from(`${SWITCHING}last words`))
    peer.end()
    expect(await client.ended).toBe('fin')
    expect(client.received.toString()).toBe(`${SWITCHING}last words`)
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('finished')
  })

  it('an upgrade whose client ends behind early bytes is ended at the backend behind those bytes', async () => {
    await start()
    const { client, peer, head } = await open(UPGRADE)
    client.send(Buffer.from('early'))
    client.end()
    await turns(20)
    expect(peer.socket.readableEnded).toBe(false)
    peer.send(Buffer.from(SWITCHING))
    expect(await peer.ended).toBe('fin')
    expect(after(peer, head)).toBe('early')
    peer.end()
    await client.closed
  })

  it.each<[string, string, string]>([
    [
      'with a Content-Length (CVE-2026-58055)',
      UPGRADE.replace('Upgrade: w', 'Content-Length: 5\r\nUpgrade: w'),
      '400',
    ],
    ['in chunks', UPGRADE.replace('Upgrade: w', 'Transfer-Encoding: chunked\r\nUpgrade: w'), '400'],
    ['to h2c', UPGRADE.replace('websocket', 'h2c'), '426'],
    ['to h2c or WebSocket', UPGRADE.replace('websocket', 'h2c, websocket'), '426'],
    ['to TLS', UPGRADE.replace('websocket', 'TLS/1.2'), '426'],
    ['in HTTP/1.0', UPGRADE.replace('HTTP/1.1', 'HTTP/1.0'), '426'],
    ['of version 8', UPGRADE.replace('Version: 13', 'Version: 8'), '426'],
    ['with two hosts', UPGRADE.replace('Host: ws.test', 'Host: ws.test\r\nHost: b.test'), '400'],
    ['with a space before a colon', UPGRADE.replace('Host:', 'Host :'), '400'],
    ['with a folded line', UPGRADE.replace('Host: ws.test', 'Host: ws.test\r\n X: y'), '400'],
    ['with LF instead of CRLF', UPGRADE.replaceAll('\r\n', '\n'), '400'],
    ['with a CR inside a line', UPGRADE.replace('ws.test', 'ws.test\rX: y'), '400'],
    ['by CONNECT', UPGRADE.replace('GET /chat?token=secret', 'CONNECT a:1'), '501'],
    ['in HTTP/2.0', UPGRADE.replace('HTTP/1.1', 'HTTP/2.0'), '505'],
    ['of 16 KiB of a', 'a'.repeat(16_384), '400'],
    ['of a head without an end', `GET / HTTP/1.1\r\nX: ${'a'.repeat(16_384)}`, '431'],
    ['in TLS', '\x16\x03\x01\x02\x00\x01', '400'],
    ['that asks for no protocol', 'GET / HTTP/1.1\r\nHost: ws.test\r\n\r\n', '426'],
  ])('an upgrade %s is refused, and no byte reaches a backend', async (_, bytes, status) => {
    await start()
    const client = await bed.connect()
    client.send(Buffer.from(bytes, 'latin1'))
    expect(await client.ended).toBe('fin')
    client.end()
    const text = client.received.toString()
    expect(text.slice(9, 12)).toBe(status)
    expect(text).toMatch(/Connection: (Upgrade, )?close\r\n/)
    expect(backend.peers).toEqual([])
    expect((await bed.recorded(1))[0]!.ended.cause).toMatch(/^(bad-request: |upgrade-required)/)
  })

  it('an upgrade is routed by host and path', async () => {
    const other = await Backend.listen()
    bed = await Bed.start({
      listeners: [
        {
          name: 'front',
          address: '127.0.0.1:0',
          protocol: 'http',
          routes: [
            { host: 'ws.test', cluster: 'other' },
            { host: 'b.test', path: '/chat', cluster: 'back' },
            { path: '/nobody', reject: true },
          ],
        },
      ],
      clusters: { back: { backends: [backend.address] }, other: { backends: [other.address] } },
    })
    const ask = async (host: string, path: string) => {
      const client = await bed.connect()
      client.send(Buffer.from(UPGRADE.replace('ws.test', host).replace('/chat', path)))
      return client
    }
    const first = await ask('WS.test:80', '/any')
    await headAt(await other.accepted())
    const second = await ask('b.test.', '/chat/room')
    await headAt(await backend.accepted())
    const third = await ask('b.test', '/chatter')
    await third.ended
    expect(third.received.toString()).toMatch(/^HTTP\/1\.1 404 /)
    const fourth = await ask('c.test', '/nobody')
    await fourth.ended
    expect(fourth.received.toString()).toMatch(/^HTTP\/1\.1 403 /)
    for (const client of [third, fourth]) client.end()
    for (const client of [first, second]) client.reset()
    await hastened(bed, bed.recorded(4))
    await other.close()
  })
}

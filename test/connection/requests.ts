/** Requests that are no upgrades, forwarded one to a connection: exactly one, and exactly whole. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import { difference, pattern } from '../support/bytes.js'
import type { Peer } from '../support/peer.js'
import { turns } from '../support/wait.js'
import { closing, headAt, UPGRADE } from './upgrades.js'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

export function describeRequests(): void {
  let backend: Backend
  let bed: Bed

  const start = async (timeouts = {}): Promise<void> => {
    backend = await Backend.listen()
    bed = await Bed.start({
      backends: [backend],
      listeners: [
        { name: 'front', address: '127.0.0.1:0', cluster: 'back', protocol: 'http', http: 'forward' },
      ],
      timeouts,
    })
  }

  beforeEach(async () => await start())
  afterEach(async () => await bed.end())

  const open = async (bytes: string): Promise<{ client: Peer; peer: Peer; head: string }> => {
    const client = await bed.connect()
    client.send(Buffer.from(bytes))
    const peer = await backend.accepted()
    return { client, peer, head: await headAt(peer) }
  }

  /** The backend answers; the client gets it, and both are closed. */
  const answer = async ({ client, peer }: { client: Peer; peer: Peer }, text: string): Promise<string> => {
    peer.send(Buffer.from(text))
    await client.ended
    client.end()
    await peer.ended
    peer.end()
    return client.received.toString()
  }

  it('go with `Connection: close` and without what is for one hop', async () => {
    const fields =
      'Connection: keep-alive, X-Hop\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nX-Forwarded-For: 6.6.6.6\r\n'
    const ends = await open(`GET /a HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`)
    expect(ends.head).toBe(
      'GET /a HTTP/1.1\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n' +
        'X-Forwarded-Host: a.test\r\nConnection: close\r\nHost: a.test\r\n\r\n',
    )
    expect(await answer(ends, OK)).toBe(closing(OK))
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({
      protocol: 'HTTP',
      http: { method: 'GET', status: 200 },
      termination: '--',
    })
    expect(record!.timings.firstByteMs).toBeGreaterThan(0)
    if (bed.proxy.engine.kind === 'kernel') {
      expect(record!.rttMicros.client).toBeGreaterThan(0)
      expect(record!.rttMicros.backend).toBeGreaterThan(0)
    }
  })

  it.each([
    ['of a length', 'Content-Length: 5\r\n\r\nhello'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: r\r\n\r\n'],
  ])('with a body %s are forwarded to its end, and a second request is not', async (_, rest) => {
    const first = `POST / HTTP/1.1\r\nHost: a.test\r\n${rest}`
    const ends = await open(`${first}GET /admin HTTP/1.1\r\nHost: a.test\r\n\r\n`)
    const body = rest.slice(rest.indexOf('\r\n\r\n') + 4)
    await ends.peer.receive(ends.head.length + body.length)
    await turns(50)
    expect(ends.peer.received.subarray(ends.head.length).toString()).toBe(body)
    expect(await answer(ends, OK)).toBe(closing(OK))
    expect((await bed.recorded(1))[0]!.bytesUp).toBe(first.length)
  })

  it('that expect 100-continue get it before they send their body', async () => {
    const ends = await open(
      'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n',
    )
    const proceed = 'HTTP/1.1 100 Continue\r\n\r\n'
    ends.peer.send(Buffer.from(proceed))
    await ends.client.receive(proceed.length)
    ends.client.send(Buffer.from('hi'))
    await ends.peer.receive(ends.head.length + 2)
    expect(await answer(ends, OK)).toBe(proceed + closing(OK))
  })

  it.each([
    ['Content-Length: 0\r\n'],
    ['Content-Length: 5\r\n'],
    ['Content-Length: 5\r\nContent-Length: x\r\n'],
    ['Transfer-Encoding: chunked\r\n'],
    ['Content-Length: 5\r\nTransfer-Encoding: gzip\r\n'],
  ])('whose interim answers say %j have them to the end of their head', async (fields) => {
    const ends = await open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const early = `HTTP/1.1 100 Continue\r\n${fields}\r\nHTTP/1.1 103 Early Hints\r\n${fields}\r\n`
    expect(await answer(ends, early + OK)).toBe(early + closing(OK))
    expect((await bed.recorded(1))[0]!.http!.status).toBe(200)
  })

  it('in HTTP/1.0 have no interim answers', async () => {
    const ends = await open('GET / HTTP/1.0\r\nHost: a.test\r\n\r\n')
    expect(await answer(ends, `HTTP/1.1 103 Early Hints\r\n\r\n${OK}`)).toBe(closing(OK))
  })

  it.each([
    ['closes', '', 502, 'backend-gone'],
    ['speaks no HTTP', 'SSH-2.0-x\r\n', 502, 'bad-response: bad status line'],
    ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 502, 'bad-response: 101 to no upgrade'],
    ['is silent', undefined, 504, 'response-timeout'],
  ])('whose backend %s after 100 Continue are told so', async (_, text, status, cause) => {
    if (text === undefined) {
      await bed.end()
      await start({ responseMs: 50 })
    }
    const { client, peer } = await open(
      'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n',
    )
    const proceed = 'HTTP/1.1 100 Continue\r\n\r\n'
    peer.send(Buffer.from(proceed))
    await client.receive(proceed.length)
    client.send(Buffer.from('hi'))
    await peer.receive(peer.received.indexOf('\r\n\r\n') + 4 + 2)
    if (text === '') peer.end()
    else if (text !== undefined) peer.send(Buffer.from(text))
    expect(await client.ended).toBe('fin')
    client.end()
    expect(client.received.toString().slice(proceed.length)).toMatch(`HTTP/1.1 ${status} `)
    const [record] = await bed.recorded(1)
    expect(record!.ended).toMatchObject({ by: 'backend', phase: 'response', cause })
    expect(record!.http!.status).toBeUndefined()
    peer.end()
  })

  it.each([
    ['of a length', OK, 'HTTP/1.1 200 OK\r\n\r\n'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 'more'],
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', 'more'],
    ['not modified', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 'more'],
  ])('are answered %s, and no further, whatever the backend makes of `close`', async (_, text, more) => {
    const ends = await open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    expect(await answer(ends, text + more)).toBe(closing(text))
  })

  it.each([
    ['keep-alive', 'Connection: keep-alive\r\nKeep-Alive: timeout=5, max=100\r\n'],
    ['an upgrade', 'Upgrade: h2,h2c\r\nConnection: Upgrade, Keep-Alive\r\n'],
    ['keep-alive without Connection', 'Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n'],
    ['fields of its own', 'connection: x-hop\r\nX-Hop: 1\r\nConnection: X-Other , close\r\nx-other: 2\r\n'],
    ['the length of its body', 'Connection: content-length, transfer-encoding\r\n'],
  ])('whose backend names %s in its answer have one that only says that it closes', async (_, fields) => {
    const ends = await open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const text = OK.replace('\r\nContent', `\r\nX: kept\r\n${fields}Content`)
    expect(await answer(ends, text)).toBe(closing(OK.replace('\r\nContent', '\r\nX: kept\r\nContent')))
    expect((await bed.recorded(1))[0]!.bytesDown).toBe(text.length)
  })

  it('have interim answers without what is meant for one hop', async () => {
    const ends = await open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const early = 'HTTP/1.1 103 Early Hints\r\nConnection: keep-alive\r\nLink: </a>\r\n\r\n'
    expect(await answer(ends, early + OK)).toBe(early.replace('Connection: keep-alive\r\n', '') + closing(OK))
  })

  it.each([
    ['Content-Length: 5'],
    ['Transfer-Encoding: gzip, chunked'],
    ['Content-Length: 5\r\nTransfer-Encoding: chunked'],
  ])('for a HEAD have an answer without its body, that says %j', async (fields) => {
    const ends = await open('HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const head = `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`
    expect(await answer(ends, head)).toBe(closing(head))
  })

  it('have an answer that ends with its connection', async () => {
    const ends = await open('GET / HTTP/1.0\r\n\r\n')
    ends.peer.send(Buffer.from('HTTP/1.1 200 OK\r\n\r\nuntil the end'))
    ends.peer.end()
    await ends.client.ended
    ends.client.end()
    expect(ends.client.received.toString()).toBe(closing('HTTP/1.1 200 OK\r\n\r\nuntil the end'))
  })

  it('may be answered before they have sent everything', async () => {
    const ends = await open('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000\r\n\r\nhalf')
    const text = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n'
    expect(await answer(ends, text)).toBe(closing(text))
  })

  it('that stop in their body are told as such, and their backend sees it', async () => {
    const ends = await open('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000\r\n\r\nhalf')
    ends.client.end()
    expect(await ends.peer.ended).toMatch(/ECONNRESET|fin/)
    expect((await bed.recorded(1))[0]!.ended).toMatchObject({ by: 'client', cause: 'bad-request: body' })
  })

  it.each([
    ['GG', 'bad-request: body'],
    ['-1', 'bad-request: body'],
    ['1\n', 'bad-request: body'],
    ['ffffffffffffffff', 'bad-request: body'],
  ])('with a chunk of %j end their connection', async (size, cause) => {
    const ends = await open(
      `POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\nabc`,
    )
    await ends.peer.ended
    expect((await bed.recorded(1))[0]!.ended.cause).toBe(cause)
    ends.peer.end()
  })

  it('have the trailers of both sides without what no trailer may say', async () => {
    const dropped = 'Content-Length: 1\r\nHost: evil\r\nX-Forwarded-For: 6.6.6.6\r\nTransfer-Encoding: chunked\r\n'
    const start = 'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n'
    const ends = await open(`${start}2\r\nhi\r\n0\r\nA: b\r\n${dropped}C: d\r\n\r\n`)
    const up = '2\r\nhi\r\n0\r\nA: b\r\nC: d\r\n\r\n'
    await ends.peer.receive(ends.head.length + up.length)
    expect(ends.peer.received.subarray(ends.head.length).toString()).toBe(up)
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    const text = await answer(ends, `${head}2\r\nok\r\n0\r\n${dropped}ETag: e\r\n\r\n`)
    expect(text).toBe(`${closing(head)}2\r\nok\r\n0\r\nETag: e\r\n\r\n`)
    expect((await bed.recorded(1))[0]!).toMatchObject({
      ended: { cause: 'finished' },
      bytesUp: start.length + up.length + dropped.length,
    })
  })

  it.each(['nonsense', 'X : a', 'A: b\r\n folded', 'A: b\nC: d'])(
    'with a trailer of %j end their connection, and it does not reach the backend',
    async (trailer) => {
      const ends = await open(
        `POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${trailer}\r\n\r\n`,
      )
      await ends.peer.ended
      expect(ends.peer.received.subarray(ends.head.length).toString()).not.toMatch(/nonsense|X|folded|C/)
      expect((await bed.recorded(1))[0]!.ended).toMatchObject({ by: 'client', cause: 'bad-request: body' })
      ends.peer.end()
    },
  )

  it.each(['nonsense', 'X : a', 'A: b\r\n folded'])(
    'whose answer has a trailer of %j end with a reset',
    async (trailer) => {
      const ends = await open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
      ends.peer.send(Buffer.from(`${head}2\r\nok\r\n0\r\n${trailer}\r\n\r\n`))
      expect(await ends.client.reallyEnded()).not.toBe('fin')
      expect(ends.client.received.toString()).not.toMatch(/nonsense|X|folded/)
      expect((await bed.recorded(1))[0]!.ended).toMatchObject({ by: 'backend', cause: 'bad-response: body' })
      ends.peer.end()
    },
  )

  it('whose answer is cut short end with a reset, not with an end that looks whole', async () => {
    const ends = await open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    ends.peer.send(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'))
    await ends.client.receive(42)
    ends.peer.end()
    expect(await ends.client.reallyEnded()).not.toBe('fin')
    expect((await bed.recorded(1))[0]!.ended).toMatchObject({ by: 'backend', phase: 'data' })
  })

  it('carry many megabytes both ways', async () => {
    const body = Buffer.alloc(8_000_000, 'body of a request ')
    const ends = await open(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n`)
    ends.client.send(body)
    await ends.peer.receive(ends.head.length + body.length)
    expect(ends.peer.received.subarray(ends.head.length).equals(body)).toBe(true)
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`
    ends.peer.send(Buffer.from(head))
    ends.peer.send(body)
    const received = closing(head).length
    await ends.client.receive(received + body.length)
    expect(ends.client.received.subarray(received).equals(body)).toBe(true)
    await ends.client.ended
    ends.client.end()
    ends.peer.end()
  })

  it('of many clients at once keep their bodies apart', async () => {
    const clients = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const client = await bed.connect()
        client.send(Buffer.from(`POST /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n`))
        return client
      }),
    )
    for (const [i, client] of clients.entries()) client.send(pattern(i, 300_000))
    for (const _ of clients) {
      const peer = await backend.accepted()
      const head = await headAt(peer)
      await peer.receive(head.length + 300_000)
      const which = Number(/\/(\d+) /.exec(head)![1])
      expect(difference(peer.received.subarray(head.length), pattern(which, 300_000))).toBeUndefined()
      peer.send(Buffer.from(OK))
      peer.end()
    }
    await Promise.all(clients.map((client) => client.ended))
    for (const client of clients) {
      expect(client.received.toString()).toBe(closing(OK))
      client.end()
    }
  })

  it.each([
    ['h2c, as curl asks for it', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'],
    ['TLS', 'Upgrade: TLS/1.2\r\nConnection: Upgrade\r\n'],
    ['several', 'Upgrade: h2c, websocket\r\nUpgrade: IRC/6.9\r\nconnection: upgrade\r\n'],
    ['h2c, by a field that Connection does not name', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'],
    ['nothing', 'Upgrade:\r\nConnection: Upgrade\r\n'],
  ])('that offer %s go without the offer, body and all (RFC 9110 7.8)', async (_, fields) => {
    const start = 'POST / HTTP/1.1\r\nHost: a.test\r\n'
    const ends = await open(`${start}${fields}Content-Length: 2\r\n\r\nhi`)
    expect(ends.head.startsWith(`${start}Content-Length: 2\r\nX-F`)).toBe(true)
    expect(ends.head).not.toMatch(/upgrade|settings/i)
    await ends.peer.receive(ends.head.length + 2)
    expect(await answer(ends, OK)).toBe(closing(OK))
    expect((await bed.recorded(1))[0]).toMatchObject({ protocol: 'HTTP', http: { status: 200 } })
  })

  it('that offer another protocol open no tunnel, whatever the backend says', async () => {
    const offer = 'Connection: Upgrade\r\nUpgrade: h2c\r\n'
    const ends = await open(`GET / HTTP/1.1\r\nHost: a.test\r\n${offer}\r\nearly`)
    const text = await answer(ends, `HTTP/1.1 101 Switching Protocols\r\n${offer}\r\nsecret`)
    expect(text).toMatch(/^HTTP\/1\.1 502 /)
    expect(text).not.toContain('secret')
    expect(ends.peer.received.toString()).toBe(ends.head)
  })

  it('that ask for WebSocket in HTTP/1.0 are none that do', async () => {
    const ends = await open(UPGRADE.replace('HTTP/1.1', 'HTTP/1.0'))
    expect(ends.head).not.toMatch(/^upgrade/im)
    expect(await answer(ends, OK)).toBe(closing(OK))
  })
}

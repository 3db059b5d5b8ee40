/** Special grammar of requests and answers: interim answers, offers of an upgrade, trailers, and forgiven mistakes. */
import { expect, it } from 'vitest'
import { hastened } from '../proxy/time.js'
import { OK, RequestRig } from './request-rig.js'
import { closing, UPGRADE } from './upgrades.js'

export function describeHttpGrammar(): void {
  const rig = RequestRig.forEachTest()

  it.each([
    ['Content-Length: 0\r\n'],
    ['Content-Length: 5\r\n'],
    ['Content-Length: 5\r\nContent-Length: x\r\n'],
    ['Transfer-Encoding: chunked\r\n'],
    ['Content-Length: 5\r\nTransfer-Encoding: gzip\r\n'],
  ])('an interim answer ends with its head, also if its fields are %j', async (fields) => {
    const ends = await rig.open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const early = `HTTP/1.1 100 Continue\r\n${fields}\r\nHTTP/1.1 103 Early Hints\r\n${fields}\r\n`
    expect(await rig.answer(ends, early + OK)).toBe(early + closing(OK))
    expect((await rig.bed.recorded(1))[0]!.http!.status).toBe(200)
  })

  it('a request in HTTP/1.0 gets no interim answer', async () => {
    const ends = await rig.open('GET / HTTP/1.0\r\nHost: a.test\r\n\r\n')
    expect(await rig.answer(ends, `HTTP/1.1 103 Early Hints\r\n\r\n${OK}`)).toBe(closing(OK))
  })

  it.each([
    ['closes', '', 502, 'backend-gone'],
    ['speaks no HTTP', 'SSH-2.0-x\r\n', 502, 'bad-response: bad status line'],
    [
      'switches protocols',
      'HTTP/1.1 101 Switching Protocols\r\n\r\n',
      502,
      'bad-response: 101 to no upgrade',
    ],
    ['is silent', undefined, 504, 'response-timeout'],
  ])('a client gets a 502 or 504 if its backend %s after 100 Continue', async (_, text, status, cause) => {
    if (text === undefined) {
      await rig.bed.end()
      await rig.start({ responseMs: 50 })
    }
    const { client, peer } = await rig.open(
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
    const [record] = await rig.bed.recorded(1)
    expect(record!.ended).toMatchObject({ by: 'backend', phase: 'response', cause })
    expect(record!.http!.status).toBeUndefined()
    peer.end()
  })

  it.each([
    ['keep-alive', 'Connection: keep-alive\r\nKeep-Alive: timeout=5, max=100\r\n'],
    ['an upgrade', 'Upgrade: h2,h2c\r\nConnection: Upgrade, Keep-Alive\r\n'],
    ['keep-alive without Connection', 'Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n'],
    ['fields of its own', 'connection: x-hop\r\nX-Hop: 1\r\nConnection: X-Other , close\r\nx-other: 2\r\n'],
    ['the length of its body', 'Connection: content-length, transfer-encoding\r\n'],
  ])('an answer is passed on with only `Connection: close` if its backend names %s', async (_, fields) => {
    const ends = await rig.open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const text = OK.replace('\r\nContent', `\r\nX: kept\r\n${fields}Content`)
    expect(await rig.answer(ends, text)).toBe(closing(OK.replace('\r\nContent', '\r\nX: kept\r\nContent')))
    expect((await rig.bed.recorded(1))[0]!.bytesDown).toBe(text.length)
  })

  it('an interim answer is passed on without the fields for one hop', async () => {
    const ends = await rig.open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const early = 'HTTP/1.1 103 Early Hints\r\nConnection: keep-alive\r\nLink: </a>\r\n\r\n'
    expect(await rig.answer(ends, early + OK)).toBe(
      early.replace('Connection: keep-alive\r\n', '') + closing(OK),
    )
  })

  it.each([
    [
      'gives its length twice',
      'HTTP/1.1 200\r\nContent-Length: 2\r\nContent-Length: 02\r\n\r\nok',
      'HTTP/1.1 200 \r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
    ],
    [
      'pads its chunks',
      'HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n0002    \r\nok\r\n0 ;x\r\n\r\n',
      'HTTP/1.1 200 \r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0;x\r\n\r\n',
    ],
  ])('an answer is corrected if its backend leaves out a space and %s', async (_, text, mended) => {
    const ends = await rig.open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    expect(await rig.answer(ends, text)).toBe(mended)
    expect((await rig.bed.recorded(1))[0]).toMatchObject({
      http: { status: 200 },
      bytesDown: text.length,
      ended: { cause: 'finished' },
    })
  })

  it('a request may follow an empty line', async () => {
    const ends = await rig.open('\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    expect(ends.head).toMatch(/^GET \/ /)
    expect(await rig.answer(ends, OK)).toBe(closing(OK))
  })

  it('trailers are passed on both ways without the fields that no trailer may have', async () => {
    const dropped =
      'Content-Length: 1\r\nHost: evil\r\nX-Forwarded-For: 6.6.6.6\r\nTransfer-Encoding: chunked\r\n'
    const start = 'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n'
    const ends = await rig.open(`${start}2\r\nhi\r\n0\r\nA: b\r\n${dropped}C: d\r\n\r\n`)
    const up = '2\r\nhi\r\n0\r\nA: b\r\nC: d\r\n\r\n'
    await ends.peer.receive(ends.head.length + up.length)
    expect(ends.peer.received.subarray(ends.head.length).toString()).toBe(up)
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    const text = await rig.answer(ends, `${head}2\r\nok\r\n0\r\n${dropped}ETag: e\r\n\r\n`)
    expect(text).toBe(`${closing(head)}2\r\nok\r\n0\r\nETag: e\r\n\r\n`)
    expect((await rig.bed.recorded(1))[0]!).toMatchObject({
      ended: { cause: 'finished' },
      bytesUp: start.length + up.length + dropped.length,
    })
  })

  it.each(['nonsense', 'X : a', 'A: b\r\n folded', 'A: b\nC: d'])(
    'a request with the bad trailer %j ends its connection, and the trailer does not reach the backend',
    async (trailer) => {
      const ends = await rig.open(
        `POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${trailer}\r\n\r\n`,
      )
      await ends.client.ended
      ends.client.end()
      await hastened(rig.bed, ends.peer.ended)
      expect(ends.peer.received.subarray(ends.head.length).toString()).not.toMatch(/nonsense|X|folded|C/)
      expect((await rig.bed.recorded(1))[0]!.ended).toMatchObject({
        by: 'client',
        cause: 'bad-request: body',
      })
      ends.peer.end()
    },
  )

  it.each(['nonsense', 'X : a', 'A: b\r\n folded'])(
    'an answer with the bad trailer %j ends with a reset',
    async (trailer) => {
      const ends = await rig.open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
      ends.peer.send(Buffer.from(`${head}2\r\nok\r\n0\r\n${trailer}\r\n\r\n`))
      expect(await hastened(rig.bed, ends.client.reallyEnded())).not.toBe('fin')
      expect(ends.client.received.toString()).not.toMatch(/nonsense|X|folded/)
      expect((await rig.bed.recorded(1))[0]!.ended).toMatchObject({
        by: 'backend',
        cause: 'bad-response: body',
      })
      ends.peer.end()
    },
  )

  it.each([
    [
      'h2c, as curl does',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n',
    ],
    ['TLS', 'Upgrade: TLS/1.2\r\nConnection: Upgrade\r\n'],
    ['several protocols', 'Upgrade: h2c, websocket\r\nUpgrade: IRC/6.9\r\nconnection: upgrade\r\n'],
    ['h2c in a field that Connection does not name', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'],
    ['an empty list', 'Upgrade:\r\nConnection: Upgrade\r\n'],
  ])('a request is forwarded with its body and without its offer of %s (RFC 9110 7.8)', async (_, fields) => {
    const start = 'POST / HTTP/1.1\r\nHost: a.test\r\n'
    const ends = await rig.open(`${start}${fields}Content-Length: 2\r\n\r\nhi`)
    expect(ends.head).toContain('Content-Length: 2\r\n')
    expect(ends.head).not.toMatch(/upgrade|settings/i)
    await ends.peer.receive(ends.head.length + 2)
    expect(await rig.answer(ends, OK)).toBe(closing(OK))
    expect((await rig.bed.recorded(1))[0]).toMatchObject({ protocol: 'HTTP', http: { status: 200 } })
  })

  it('a request that offers another protocol opens no tunnel, even if the backend answers 101', async () => {
    const offer = 'Connection: Upgrade\r\nUpgrade: h2c\r\n'
    const ends = await rig.open(`GET / HTTP/1.1\r\nHost: a.test\r\n${offer}\r\nearly`)
    const text = await rig.answer(ends, `HTTP/1.1 101 Switching Protocols\r\n${offer}\r\nsecret`)
    expect(text).toMatch(/^HTTP\/1\.1 502 /)
    expect(text).not.toContain('secret')
    expect(ends.peer.received.toString()).toBe(ends.head)
  })

  it('a request for WebSocket in HTTP/1.0 is forwarded as an ordinary request', async () => {
    const ends = await rig.open(UPGRADE.replace('HTTP/1.1', 'HTTP/1.0'))
    expect(ends.head).not.toMatch(/^upgrade/im)
    expect(await rig.answer(ends, OK)).toBe(closing(OK))
  })
}

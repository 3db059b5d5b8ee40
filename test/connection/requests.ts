/** Requests that are no upgrades. Each connection forwards exactly one, and all of it. */
import { expect, it } from 'vitest'
import { hastened } from '../proxy/time.js'
import { difference, pattern } from '../support/bytes.js'
import { turns } from '../support/wait.js'
import { OK, RequestRig } from './request-rig.js'
import { closing, headAt } from './upgrades.js'

export function describeRequests(): void {
  const rig = RequestRig.forEachTest()

  it('a request is forwarded with `Connection: close` and without the fields for one hop', async () => {
    const fields =
      'Connection: keep-alive, X-Hop\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nX-Forwarded-For: 6.6.6.6\r\n'
    const ends = await rig.open(`GET /a HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`)
    expect(ends.head).toBe(
      'GET /a HTTP/1.1\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n' +
        'X-Forwarded-Host: a.test\r\nConnection: close\r\nHost: a.test\r\n\r\n',
    )
    expect(await rig.answer(ends, OK)).toBe(closing(OK))
    const [record] = await rig.bed.recorded(1)
    expect(record).toMatchObject({
      protocol: 'HTTP',
      http: { method: 'GET', status: 200 },
      termination: '--',
    })
    expect(record!.timings.firstByteMs).toBeGreaterThan(0)
    if (rig.bed.proxy.engine.kind === 'kernel') {
      expect(record!.rttMicros.client).toBeGreaterThan(0)
      expect(record!.rttMicros.backend).toBeGreaterThan(0)
    }
  })

  it.each([
    ['with a Content-Length', 'Content-Length: 5\r\n\r\nhello'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: r\r\n\r\n'],
  ])('a request body %s is forwarded to its end, and a second request is not', async (_, rest) => {
    const first = `POST / HTTP/1.1\r\nHost: a.test\r\n${rest}`
    const ends = await rig.open(`${first}GET /admin HTTP/1.1\r\nHost: a.test\r\n\r\n`)
    const body = rest.slice(rest.indexOf('\r\n\r\n') + 4)
    await ends.peer.receive(ends.head.length + body.length)
    await turns(50)
    expect(ends.peer.received.subarray(ends.head.length).toString()).toBe(body)
    expect(await rig.answer(ends, OK)).toBe(closing(OK))
    expect((await rig.bed.recorded(1))[0]!.bytesUp).toBe(first.length)
  })

  it('a client that expects 100-continue gets it before it sends its body', async () => {
    const ends = await rig.open(
      'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n',
    )
    const proceed = 'HTTP/1.1 100 Continue\r\n\r\n'
    ends.peer.send(Buffer.from(proceed))
    await ends.client.receive(proceed.length)
    ends.client.send(Buffer.from('hi'))
    await ends.peer.receive(ends.head.length + 2)
    expect(await rig.answer(ends, OK)).toBe(proceed + closing(OK))
  })

  it.each([
    ['with a Content-Length', OK, 'HTTP/1.1 200 OK\r\n\r\n'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 'more'],
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', 'more'],
    ['with 304 Not Modified', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 'more'],
  ])('a client gets exactly one answer %s, even if its backend sends more', async (_, text, more) => {
    const ends = await rig.open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    expect(await rig.answer(ends, text + more)).toBe(closing(text))
  })

  it.each([
    ['Content-Length: 5'],
    ['Transfer-Encoding: gzip, chunked'],
    ['Content-Length: 5\r\nTransfer-Encoding: chunked'],
  ])('a HEAD request gets an answer without a body although its head says %j', async (fields) => {
    const ends = await rig.open('HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const head = `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`
    expect(await rig.answer(ends, head)).toBe(closing(head))
  })

  it("an answer without a length ends with the backend's connection", async () => {
    const ends = await rig.open('GET / HTTP/1.0\r\n\r\n')
    ends.peer.send(Buffer.from('HTTP/1.1 200 OK\r\n\r\nuntil the end'))
    ends.peer.end()
    await ends.client.ended
    ends.client.end()
    expect(ends.client.received.toString()).toBe(closing('HTTP/1.1 200 OK\r\n\r\nuntil the end'))
  })

  it('a backend may answer a request before its whole body has come', async () => {
    const ends = await rig.open('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000\r\n\r\nhalf')
    const text = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n'
    expect(await rig.answer(ends, text)).toBe(closing(text))
  })

  it('a client that ends inside its request body is recorded as bad-request, and its backend sees an end', async () => {
    const ends = await rig.open('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000\r\n\r\nhalf')
    ends.client.end()
    expect(await hastened(rig.bed, ends.peer.ended)).toMatch(/ECONNRESET|fin/)
    expect((await rig.bed.recorded(1))[0]!.ended).toMatchObject({ by: 'client', cause: 'bad-request: body' })
  })

  it.each([
    ['GG', 'bad-request: body'],
    ['-1', 'bad-request: body'],
    ['1\n', 'bad-request: body'],
    ['ffffffffffffffff', 'bad-request: body'],
  ])('a request with the chunk size %j ends its connection', async (size, cause) => {
    const ends = await rig.open(
      `POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\nabc`,
    )
    await ends.client.ended
    ends.client.end()
    await hastened(rig.bed, ends.peer.ended)
    expect((await rig.bed.recorded(1))[0]!.ended.cause).toBe(cause)
    ends.peer.end()
  })

  it('an answer that is cut short ends with a reset, so it does not look whole', async () => {
    const ends = await rig.open('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    ends.peer.send(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'))
    await ends.client.receive(42)
    ends.peer.end()
    expect(await hastened(rig.bed, ends.client.reallyEnded())).not.toBe('fin')
    expect((await rig.bed.recorded(1))[0]!.ended).toMatchObject({ by: 'backend', phase: 'data' })
  })

  it('a request and its answer carry 8 MB each', async () => {
    const body = Buffer.alloc(8_000_000, 'body of a request ')
    const ends = await rig.open(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n`)
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

  it('the request bodies of 40 clients at once do not mix', async () => {
    const clients = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const client = await rig.bed.connect()
        client.send(Buffer.from(`POST /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n`))
        return client
      }),
    )
    for (const [i, client] of clients.entries()) client.send(pattern(i, 300_000))
    for (const _ of clients) {
      const peer = await rig.backend.accepted()
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
}

/** How forwarded requests end. An answer that was cut is never recorded as finished. */
import { once } from 'node:events'
import { connect } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { Bed } from '../proxy/bed.js'
import { deadlinesAreLookedAt, hastened } from '../proxy/time.js'
import { Backend } from '../support/backend.js'
import { difference, pattern } from '../support/bytes.js'
import { selfSigned } from '../support/certificate.js'
import { advanceClock } from '../support/clock.js'
import { temporaryFolder } from '../support/folder.js'
import { settled, turns, until } from '../support/wait.js'
import { GET, headOf, POST, RequestRig } from './request-rig.js'
import { headAt } from './upgrades.js'

const MIB = 1024 * 1024
const IDLE_MS = 600_000

export function describeForwardedEnds(): void {
  const rig = RequestRig.forEachTest({ idleMs: IDLE_MS })

  /** Lets 30 s pass without progress. Bytes that a kernel still takes begin the 30 s again. */
  const thirtySecondsPass = async (): Promise<void> => {
    while (rig.bed.records.length === 0) {
      await deadlinesAreLookedAt(rig.bed)
      advanceClock(31_000)
    }
  }

  describe('the answer of a forwarded request', () => {
    it('the whole answer of a forwarded request reaches a slow client that still sends', async () => {
      const { client, peer } = await rig.open(GET)
      const body = pattern(1, 12 * MIB)
      client.pause()
      peer.send(Buffer.from(headOf(body.length)))
      peer.send(body)
      peer.end()
      await settled(rig.bytesDown)
      client.resume()
      await client.receive(10 * MIB)
      client.pause()
      await settled(rig.bytesDown)
      advanceClock(5000)
      await deadlinesAreLookedAt(rig.bed)
      client.send(Buffer.from('!'))
      await turns(200)
      client.resume()
      expect(await client.ended).toBe('fin')
      expect(difference(client.received.subarray(headOf(body.length).length), body)).toBeUndefined()
      expect(client.socket.errored).toBeNull()
      client.end()
      const [record] = await rig.bed.recorded(1)
      expect(record).toMatchObject({ ended: { by: 'backend', cause: 'finished' }, termination: '--' })
    })

    it('a forwarded request whose client stops taking the answer ends with idle-timeout', async () => {
      const { client, peer } = await rig.open(GET)
      client.pause()
      peer.send(Buffer.from(headOf(1.5 * MIB)))
      peer.send(pattern(2, 1.5 * MIB))
      await settled(rig.bytesDown)
      await thirtySecondsPass()
      const [record] = await rig.bed.recorded(1)
      expect(record).toMatchObject({
        ended: { by: 'client', phase: 'data', cause: 'idle-timeout' },
        termination: 'cD',
      })
    })

    it('a forwarded request whose client resets before the whole answer ends with reset', async () => {
      const { client, peer } = await rig.open(GET)
      client.pause()
      peer.send(Buffer.from(headOf(1.5 * MIB)))
      peer.send(pattern(3, 1.5 * MIB))
      await settled(rig.bytesDown)
      client.reset()
      const [record] = await rig.bed.recorded(1)
      expect(record).toMatchObject({ ended: { by: 'client', cause: 'reset' }, termination: 'CD' })
    })

    it('a forwarded request that a stop ends before the whole answer ends with ordered', async () => {
      const { client, peer } = await rig.open(GET)
      client.pause()
      peer.send(Buffer.from(headOf(1.5 * MIB)))
      peer.send(pattern(4, 1.5 * MIB))
      await settled(rig.bytesDown)
      await rig.bed.proxy.stop()
      const [record] = await rig.bed.recorded(1)
      expect(record).toMatchObject({ ended: { by: 'proxy', cause: 'ordered' }, termination: 'KD' })
    })

    it('the answer of a forwarded request reaches a client that has half-closed and reads later', async () => {
      const client = await rig.bed.connect()
      client.send(Buffer.from(GET))
      client.end()
      client.pause()
      const peer = await rig.backend.accepted()
      await headAt(peer)
      peer.send(Buffer.from(headOf(MIB)))
      peer.send(pattern(5, MIB))
      await settled(rig.bytesDown)
      advanceClock(20_000)
      client.resume()
      expect(await client.ended).toBe('fin')
      expect(client.receivedBytes).toBe(headOf(MIB).length + MIB)
      expect((await rig.bed.recorded(1))[0]!.ended.cause).toBe('finished')
    })

    it('a client gets the part of an answer that its backend sent before a reset, and then a reset', async () => {
      const { client, peer } = await rig.open(GET)
      client.pause()
      peer.send(Buffer.from(headOf(10 * MIB)))
      // The kernel of the client cannot take all of it. The rest waits in the kernel of millrace.
      peer.send(pattern(6, 400 * 1024))
      await until(() => rig.bytesDown() === headOf(10 * MIB).length + 400 * 1024)
      peer.reset()
      await turns(200)
      client.resume()
      await client.receive(headOf(10 * MIB).length + 400 * 1024)
      expect(await hastened(rig.bed, client.reallyEnded())).toBe('ECONNRESET')
      expect((await rig.bed.recorded(1))[0]).toMatchObject({ ended: { by: 'backend' }, termination: 'SD' })
    })
  })

  it('a slow backend gets all bytes of a request that its client sent before a reset, and then a reset', async () => {
    const { client, peer, head } = await rig.open(POST)
    const body = pattern(7, 400 * 1024)
    peer.pause()
    client.send(body)
    await until(() => rig.bytesUp() === POST.length + body.length)
    client.reset()
    await turns(200)
    peer.resume()
    await peer.receive(head.length + body.length)
    expect(await hastened(rig.bed, peer.reallyEnded())).toBe('ECONNRESET')
    expect(difference(peer.received.subarray(head.length), body)).toBeUndefined()
    expect((await rig.bed.recorded(1))[0]!.ended).toMatchObject({ by: 'client' })
  })

  it('a backend whose answer ends too soon gets FIN, and its client is reset', async () => {
    const { client, peer } = await rig.open(GET)
    peer.send(Buffer.from(headOf(10)))
    peer.end()
    expect(await hastened(rig.bed, client.reallyEnded())).toBe('ECONNRESET')
    expect(await peer.ended).toBe('fin')
    expect((await rig.bed.recorded(1))[0]!.ended.cause).toBe('bad-response: body')
  })

  it.each([
    ['413 from the backend', 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n', '413'],
    ['404 with a body', 'HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone', '404'],
    ['502 from millrace', 'nonsense\r\n\r\n', '502'],
  ])('an early answer reaches a client that goes on uploading: %s', async (_, answer, status) => {
    const { client, peer } = await rig.open(POST)
    client.pause()
    peer.pause()
    client.sendForEver(Buffer.alloc(64 * 1024))
    peer.send(Buffer.from(answer))
    await turns(200)
    for (let i = 0; i < 5; i++) {
      advanceClock(4000)
      await deadlinesAreLookedAt(rig.bed)
    }
    client.resume()
    expect(await client.ended).toBe('fin')
    expect(client.received.toString().slice(9, 12)).toBe(status)
    expect(client.socket.errored).toBeNull()
    client.socket.destroy()
    await rig.bed.recorded(1)
  })

  it('a client that uploads for ever after an early answer is closed after 30 s', async () => {
    const { client, peer } = await rig.open(POST)
    client.sendForEver(Buffer.alloc(64 * 1024))
    const answer = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n'
    peer.send(Buffer.from(answer))
    await client.receive(answer.length)
    await thirtySecondsPass()
    await rig.bed.recorded(1)
    await client.closed
  })

  it.each([403, 404, 426])('a refusal with %i reaches a client that goes on uploading', async (status) => {
    const routes = [
      { host: 'no.test', reject: true },
      { host: 'ws.test', cluster: 'back', http: 'reject' },
    ] as const
    const other = await Backend.listen()
    const front = await Bed.start({
      backends: [other],
      listeners: [{ name: 'front', address: '127.0.0.1:0', protocol: 'http', http: 'forward', routes }],
    })
    const client = await front.connect()
    client.pause()
    const host = { 403: 'no.test', 404: 'nobody.test', 426: 'ws.test' }[status]!
    client.send(Buffer.from(POST.replace('a.test', host)))
    client.sendForEver(Buffer.alloc(64 * 1024))
    await turns(200)
    advanceClock(4000)
    await deadlinesAreLookedAt(front)
    client.resume()
    expect(await client.ended).toBe('fin')
    expect(client.received.toString().slice(9, 12)).toBe(`${status}`)
    client.socket.destroy()
    await front.recorded(1)
    await front.end()
  })
}

/** The same with TLS that ends at millrace. */
export function describeForwardedEndsOfTls(): void {
  const folder = temporaryFolder()
  it('the whole answer over TLS reaches a slow client that still sends', async () => {
    const backend = await Backend.listen()
    const tls = await selfSigned(folder)
    const bed = await Bed.start({
      backends: [backend],
      listeners: [
        { name: 'front', address: '127.0.0.1:0', cluster: 'back', protocol: 'http', http: 'forward', tls },
      ],
    })
    const port = Number(bed.address().split(':')[1])
    const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(client, 'secureConnect')
    client.write(GET)
    const peer = await backend.accepted()
    await headAt(peer)
    const body = pattern(7, 12 * MIB)
    peer.send(Buffer.from(headOf(body.length)))
    peer.send(body)
    let got = 0
    client.on('data', (chunk: Buffer) => {
      got += chunk.length
      if (got >= 9 * MIB && got - chunk.length < 9 * MIB) client.pause()
    })
    await until(() => client.isPaused())
    await settled(() => bed.proxy.connections()[0]!.totals.bytesDown)
    advanceClock(5000)
    client.write('!')
    await settled(() => bed.proxy.connections()[0]?.totals.bytesDown ?? 0)
    client.resume()
    await once(client, 'end')
    expect(got).toBe(headOf(body.length).length + body.length)
    client.end()
    expect((await bed.recorded(1))[0]).toMatchObject({ ended: { cause: 'finished' }, termination: '--' })
    await bed.end()
  })
}

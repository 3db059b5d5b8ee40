/** Every deadline of a forwarded request, with either side stalled. The record names the side that stalls. */
import { expect, it } from 'vitest'
import { deadlinesAreLookedAt, hastened } from '../proxy/time.js'
import { advanceClock } from '../support/clock.js'
import { settled } from '../support/wait.js'
import { GET, headOf, POST, RequestRig } from './request-rig.js'

const MIB = 1024 * 1024
const IDLE_MS = 600_000

export function describeStalls(): void {
  const rig = RequestRig.forEachTest({ idleMs: IDLE_MS })

  const recordAfter = async (ms: number) => {
    advanceClock(ms)
    return (await hastened(rig.bed, rig.bed.recorded(1)))[0]!
  }

  it('a record names the backend that stalls inside its answer', async () => {
    const { client, peer } = await rig.open(GET)
    peer.send(Buffer.from(`${headOf(100)}half`))
    await client.receive(headOf(100).length + 4)
    expect(await recordAfter(IDLE_MS)).toMatchObject({
      ended: { by: 'backend', phase: 'data', cause: 'idle-timeout' },
      termination: 'sD',
    })
    expect(await client.reallyEnded()).toBe('ECONNRESET')
  })

  it('a record names the backend that stops reading an upload', async () => {
    const { client, peer } = await rig.open(POST)
    peer.pause()
    client.sendForEver(Buffer.alloc(64 * 1024))
    await settled(rig.bytesUp)
    const recorded = recordAfter(IDLE_MS)
    expect(await client.ended).toBe('fin')
    expect(client.received.toString()).toMatch(/^HTTP\/1\.1 504 /)
    client.socket.destroy()
    expect(await recorded).toMatchObject({
      ended: { by: 'backend', phase: 'response', cause: 'response-timeout' },
      termination: 'sH',
    })
    // FIN would tell the backend that the upload is complete.
    peer.resume()
    expect(await peer.reallyEnded()).toBe('ECONNRESET')
  })

  it('a record names the backend that stops reading an upload after it has begun to answer', async () => {
    const { client, peer } = await rig.open(POST)
    peer.send(Buffer.from(`${headOf(100)}half`))
    await client.receive(headOf(100).length + 4)
    peer.pause()
    client.sendForEver(Buffer.alloc(64 * 1024))
    await settled(rig.bytesUp)
    expect(await recordAfter(IDLE_MS)).toMatchObject({
      ended: { by: 'backend', phase: 'data', cause: 'idle-timeout' },
      termination: 'sD',
    })
  })

  it('a record names the backend that has the whole upload and does not answer', async () => {
    const { client } = await rig.open(`${POST.replace('100000000', '4')}body`)
    const recorded = recordAfter(30_000)
    await client.ended
    client.end()
    expect(await recorded).toMatchObject({
      ended: { by: 'backend', phase: 'response', cause: 'response-timeout' },
      termination: 'sH',
    })
  })

  it('a record names the client that stalls inside its upload', async () => {
    const { client, peer, head } = await rig.open(`${POST}half`)
    await peer.receive(head.length + 4)
    expect(await recordAfter(IDLE_MS)).toMatchObject({
      ended: { by: 'client', phase: 'response', cause: 'idle-timeout' },
      termination: 'cH',
    })
    await client.ended
  })

  it.each([
    ['', GET],
    [' while it still uploads', `${POST}half`],
  ])('a record names the client that stops reading its answer%s', async (_, request) => {
    const { client, peer, head } = await rig.open(request)
    await peer.receive(head.length + request.length - request.indexOf('\r\n\r\n') - 4)
    client.pause()
    peer.send(Buffer.from(headOf(100 * MIB)))
    peer.sendForEver(Buffer.alloc(64 * 1024))
    await settled(rig.bytesDown)
    expect(await recordAfter(IDLE_MS)).toMatchObject({
      ended: { by: 'client', phase: 'data', cause: 'idle-timeout' },
      termination: 'cD',
    })
  })

  it('a forwarded request goes on as long as bytes move either way', async () => {
    const { client, peer, head } = await rig.open(`${POST}half`)
    peer.send(Buffer.from(headOf(5)))
    await client.receive(headOf(5).length)
    for (let i = 1; i <= 4; i++) {
      advanceClock(IDLE_MS - 1000)
      const [from, to, before] =
        i % 2 === 0 ? [peer, client, headOf(5).length] : [client, peer, head.length + 4]
      from.send(Buffer.from('x'))
      await to.receive(before + Math.ceil(i / 2))
      await deadlinesAreLookedAt(rig.bed)
    }
    expect(rig.bed.records).toEqual([])
    client.reset()
  })
}

/** How connections end once both sides are joined. Each has one record, which says who ended it. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { advanceClock, restoreClock } from '../support/clock.js'
import type { Peer } from '../support/peer.js'
import type { AccessRecord } from '../support/record-fields.js'
import { settled, until } from '../support/wait.js'
import { Bed, type BedConfig } from './bed.js'
import type { EngineKind } from './suite.js'
import { hastened } from './time.js'

/** The first read or write after a reset fails with ECONNRESET, and the next one with EPIPE. */
const BROKEN = /^(ECONNRESET|EPIPE)$/

export function describeEndings(engine: EngineKind): void {
  let backend: Backend
  let bed: Bed
  let client: Peer
  let peer: Peer

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => {
    restoreClock()
    await bed.end()
  })

  /** Joins a client to the backend and sends a few bytes each way. */
  async function join(timeouts: BedConfig['timeouts'] = {}): Promise<void> {
    bed = await Bed.start({ backends: [backend], timeouts })
    client = await bed.connect()
    peer = await backend.accepted()
    client.send(pattern(1, 10))
    await peer.receive(10)
    peer.send(pattern(2, 20))
    await client.receive(20)
  }

  async function onlyRecord(): Promise<AccessRecord> {
    const [record] = await bed.recorded(1)
    return record!
  }

  /** Sends bytes that cannot arrive, because the backend reads none, until they are stuck in the proxy. */
  async function stallUpwards(): Promise<{ readonly broken: Promise<string> }> {
    peer.pause()
    client.send(pattern(3, 20_000_000))
    const broken = new Promise<string>((resolve) => {
      client.socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''))
    })
    await until(() => bed.proxy.status().pipes.sinkFull > 0)
    return { broken }
  }

  it('a record says everything that is known of its connection', async () => {
    const before = Date.now()
    await join()
    client.end()
    expect(await peer.ended).toBe('fin')
    peer.end()
    const record = await onlyRecord()
    const after = Date.now()
    const { port, address } = client.socket.address() as { port: number; address: string }
    expect(record).toMatchObject({
      listener: 'front',
      protocol: 'TCP',
      tags: {},
      client: `${address}:${port}`,
      cluster: 'back',
      backend: backend.address,
      backendAddress: backend.address,
      retries: 0,
      bytesUp: 10,
      bytesDown: 20,
      splicedUp: 0,
      splicedDown: 0,
      notSplicing: engine === 'kernel' ? 'small' : 'switched-off',
      termination: '--',
    })
    expect(record.ended).toEqual({ by: 'client', phase: 'data', cause: 'finished' })
    // The test compares two clocks, and one of them is rounded.
    expect(Date.parse(record.startedAt)).toBeGreaterThanOrEqual(before - 2)
    expect(Date.parse(record.startedAt)).toBeLessThanOrEqual(after + 2)
    const { waitMs, connectMs, firstByteMs, totalMs } = record.timings
    expect(waitMs).toBe(0)
    expect(connectMs! + firstByteMs!).toBeLessThanOrEqual(totalMs)
    if (engine === 'kernel') {
      expect(record.rttMicros.client).toBeGreaterThan(0)
      expect(record.rttMicros.backend).toBeGreaterThan(0)
    } else expect(record.rttMicros).toEqual({})
  })

  it('a record says which side ended first', async () => {
    await join()
    peer.end()
    expect(await client.ended).toBe('fin')
    client.end()
    expect((await onlyRecord()).ended).toEqual({ by: 'backend', phase: 'data', cause: 'finished' })
  })

  it('a record has no firstByteMs if the backend sent no byte', async () => {
    bed = await Bed.start({ backends: [backend] })
    client = await bed.connect()
    client.end()
    ;(await backend.accepted()).end()
    expect((await onlyRecord()).timings.firstByteMs).toBeUndefined()
  })

  it.each([
    ['client', 'CD'],
    ['backend', 'SD'],
  ] as const)('a reset by the %s is passed on as a reset', async (by, termination) => {
    await join()
    const [breaking, other] = by === 'client' ? [client, peer] : [peer, client]
    breaking.reset()
    expect(await hastened(bed, other.ended)).toBe('ECONNRESET')
    const record = await onlyRecord()
    expect(record.ended).toEqual({ by, phase: 'data', cause: 'reset', errno: 'ECONNRESET' })
    expect(record.termination).toBe(termination)
  })

  it('a silent connection ends after idleMs with FIN, because nothing is lost', async () => {
    await join({ idleMs: 100 })
    expect(await client.ended).toBe('fin')
    expect(await peer.ended).toBe('fin')
    const record = await onlyRecord()
    expect(record.ended).toEqual({ by: 'proxy', phase: 'data', cause: 'idle-timeout' })
    expect(record.termination).toBe('cD')
    const levels = bed.logged.filter(({ message }) => message !== 'connection').map(({ level }) => level)
    expect(levels.filter((level) => level === 'debug')).toEqual(['debug'])
    expect(levels).not.toContain('error')
  })

  it('a stalled connection ends after idleMs with a reset, because bytes are lost', async () => {
    await join({ idleMs: 60_000 })
    const { broken } = await stallUpwards()
    await settled(() => bed.proxy.status().connections.bytesUp)
    advanceClock(60_000)
    expect(await broken).toMatch(BROKEN)
    const record = await onlyRecord()
    expect(record.ended).toEqual({
      by: 'proxy',
      phase: 'data',
      cause: 'idle-timeout',
      waitedFor: 'backend',
    })
    expect(record.termination).toBe('sD')
  })

  it('an idle timeout names the client in waitedFor if the client reads nothing', async () => {
    await join({ idleMs: 100 })
    client.pause()
    peer.send(pattern(3, 20_000_000))
    const record = await onlyRecord()
    expect(record.ended).toMatchObject({ by: 'proxy', cause: 'idle-timeout', waitedFor: 'client' })
    expect(record.termination).toBe('cD')
  })

  it.each([
    ['client', 'backend', 'sD'],
    ['backend', 'client', 'cD'],
  ] as const)(
    'a connection ends after halfClosedMs when the %s has ended and the %s has not',
    async (ends, waitedFor, termination) => {
      await join({ halfClosedMs: 100 })
      const [ending, other] = ends === 'client' ? [client, peer] : [peer, client]
      ending.end()
      expect(await other.ended).toBe('fin')
      const record = await onlyRecord()
      expect(record.ended).toEqual({ by: 'proxy', phase: 'data', cause: 'half-closed-timeout', waitedFor })
      expect(record.termination).toBe(termination)
    },
  )

  it('a busy connection ends after lifetimeMs', async () => {
    await join({ lifetimeMs: 100 })
    const chatter = setInterval(() => client.send(pattern(4, 10)), 10)
    await client.ended
    clearInterval(chatter)
    const record = await onlyRecord()
    expect(record.ended).toMatchObject({ by: 'proxy', phase: 'data', cause: 'lifetime' })
    expect(record.termination).toBe('KD')
  })

  it.each(['stop', 'drain'] as const)('a connection with bytes in flight is reset by a %s', async (order) => {
    await join()
    const { broken } = await stallUpwards()
    if (order === 'stop') await bed.proxy.stop()
    else expect(await bed.proxy.drain({ deadlineMs: 50 })).toEqual({ finished: 0, closed: 0, cut: 1 })
    expect(await broken).toMatch(BROKEN)
    const record = await onlyRecord()
    const cause = order === 'stop' ? 'ordered' : 'drained'
    expect(record.ended).toMatchObject({ by: 'proxy', phase: 'data', cause })
    expect(record.termination).toBe('KD')
  })

  it('a stop ends a connection with FIN if nothing is in flight', async () => {
    await join()
    await bed.proxy.stop()
    expect(await client.ended).toBe('fin')
    expect((await onlyRecord()).ended).toEqual({ by: 'proxy', phase: 'data', cause: 'ordered' })
  })

  it('a connection gets no record if log.access is false', async () => {
    bed = await Bed.start({ backends: [backend], log: { access: false } })
    client = await bed.connect()
    client.end()
    ;(await backend.accepted()).end()
    await client.closed
    await bed.proxy.drain()
    expect(bed.proxy.status().connections).toMatchObject({ active: 0, ended: 1 })
  })

  it('the id of each record sorts after the ids before it', async () => {
    bed = await Bed.start({ backends: [backend.echo()] })
    for (let i = 0; i < 20; i++) {
      const each = await bed.connect()
      each.end()
      await each.closed
    }
    const ids = (await bed.recorded(20)).map(({ id }) => id)
    expect(ids).toEqual([...ids].sort())
  })
}

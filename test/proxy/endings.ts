/** How connections end once both sides are joined: one record each, that says whose doing it was. */
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

/** Whichever of a read and a write learns first of a reset is told so; the other is told that the pipe broke. */
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

  /** A client joined to the backend, a little having gone both ways. */
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

  /** Sends bytes that cannot arrive, because the backend takes none, until they are stuck in the proxy. */
  async function stallUpwards(): Promise<{ readonly broken: Promise<string> }> {
    peer.pause()
    client.send(pattern(3, 20_000_000))
    const broken = new Promise<string>((resolve) => {
      client.socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''))
    })
    await until(() => bed.proxy.status().pipes.sinkFull > 0)
    return { broken }
  }

  it('says everything there is to say of a connection', async () => {
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
    // Two clocks are compared, and one of them is rounded.
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

  it('says who ended first', async () => {
    await join()
    peer.end()
    expect(await client.ended).toBe('fin')
    client.end()
    expect((await onlyRecord()).ended).toEqual({ by: 'backend', phase: 'data', cause: 'finished' })
  })

  it('has no time of the first byte where the backend sent none', async () => {
    bed = await Bed.start({ backends: [backend] })
    client = await bed.connect()
    client.end()
    ;(await backend.accepted()).end()
    expect((await onlyRecord()).timings.firstByteMs).toBeUndefined()
  })

  it.each([
    ['client', 'CD'],
    ['backend', 'SD'],
  ] as const)('hands a reset by the %s on as a reset', async (by, termination) => {
    await join()
    const [breaking, other] = by === 'client' ? [client, peer] : [peer, client]
    breaking.reset()
    expect(await hastened(bed, other.ended)).toBe('ECONNRESET')
    const record = await onlyRecord()
    expect(record.ended).toEqual({ by, phase: 'data', cause: 'reset', errno: 'ECONNRESET' })
    expect(record.termination).toBe(termination)
  })

  it('ends a silent connection after idleMs, in order because nothing is lost', async () => {
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

  it('ends a stalled connection after idleMs with a reset, because bytes are lost', async () => {
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

  it('says of a client that takes nothing that it was who was waited for', async () => {
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
    'ends after halfClosedMs when the %s has ended and the %s has not',
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

  it('ends any connection after lifetimeMs', async () => {
    await join({ lifetimeMs: 100 })
    const chatter = setInterval(() => client.send(pattern(4, 10)), 10)
    await client.ended
    clearInterval(chatter)
    const record = await onlyRecord()
    expect(record.ended).toMatchObject({ by: 'proxy', phase: 'data', cause: 'lifetime' })
    expect(record.termination).toBe('KD')
  })

  it.each(['stop', 'drain'] as const)(
    'cuts what is under way with a reset when %s orders it',
    async (order) => {
      await join()
      const { broken } = await stallUpwards()
      if (order === 'stop') await bed.proxy.stop()
      else expect(await bed.proxy.drain({ deadlineMs: 50 })).toEqual({ finished: 0, closed: 0, cut: 1 })
      expect(await broken).toMatch(BROKEN)
      const record = await onlyRecord()
      const cause = order === 'stop' ? 'ordered' : 'drained'
      expect(record.ended).toMatchObject({ by: 'proxy', phase: 'data', cause })
      expect(record.termination).toBe('KD')
    },
  )

  it('ends in order what has nothing under way when stop orders it', async () => {
    await join()
    await bed.proxy.stop()
    expect(await client.ended).toBe('fin')
    expect((await onlyRecord()).ended).toEqual({ by: 'proxy', phase: 'data', cause: 'ordered' })
  })

  it('writes no record where that is switched off', async () => {
    bed = await Bed.start({ backends: [backend], log: { access: false } })
    client = await bed.connect()
    client.end()
    ;(await backend.accepted()).end()
    await client.closed
    await bed.proxy.drain()
    expect(bed.proxy.status().connections).toMatchObject({ active: 0, ended: 1 })
  })

  it('writes every record with an id that sorts after those before', async () => {
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

/** Which backend a client gets: in turn by weight, and the next one if a backend refuses or does not answer. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { temporaryFolder } from '../support/folder.js'
import type { Peer } from '../support/peer.js'
import { SilentBackend } from '../support/silent-backend.js'
import { until } from '../support/wait.js'
import { Bed } from './bed.js'
import type { EngineKind } from './suite.js'

/** One failure ejects a backend, for about 1 s. */
const QUICK = { eject: { failures: 1, forMs: '1s', maxPercent: 100 } } as const

export function describeBackends(engine: EngineKind): void {
  const folder = temporaryFolder()
  let bed: Bed

  afterEach(() => bed.end())

  /** Connects a client, which must reach `backend`, and ends both. */
  async function visit(backend: Backend): Promise<void> {
    const client = await bed.connect()
    const peer = await backend.accepted()
    await finish(client, peer)
  }

  it('backends share connections by weight', async () => {
    const [heavy, light] = [await Backend.listen(), await Backend.listen()]
    const backends = [{ address: heavy.address, weight: 3 }, light.address]
    bed = await Bed.start({ clusters: { back: { backends } } })
    for (let i = 0; i < 12; i++) {
      const client = await bed.connect()
      await until(() => heavy.peers.length + light.peers.length === i + 1)
      client.end()
    }
    expect([heavy.peers.length, light.peers.length]).toEqual([9, 3])
    expect(bed.proxy.status().clusters[0]!.backends.map(({ connections }) => connections)).toEqual([9, 3])
    await Promise.all([heavy.close(), light.close()])
  })

  it('a backend with a host name is resolved and reached', async () => {
    const backend = await Backend.listen()
    bed = await Bed.start({ backends: [`localhost:${backend.port}`] })
    expect(bed.proxy.status().clusters[0]!.backends[0]!.resolved).toContain(backend.address)
    await visit(backend)
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({ backend: `localhost:${backend.port}`, backendAddress: backend.address })
    await backend.close()
  })

  it('a backend that listens only on the second address of its name is reached there', async () => {
    const backend = await Backend.listen({ host: '::1', port: 0 })
    bed = await Bed.start({ backends: [`localhost:${backend.port}`] })
    await visit(backend)
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({ backendAddress: backend.address, retries: 0, termination: '--' })
    await backend.close()
  })

  describe('backends that refuse', () => {
    let refusing: Backend
    let serving: Backend

    beforeEach(async () => {
      refusing = await Backend.listen()
      await refusing.close()
      serving = await Backend.listen()
      const backends = [refusing.address, serving.address]
      bed = await Bed.start({ clusters: { back: { backends, health: QUICK } } })
    })
    afterEach(() => serving.close())

    it('a backend that refuses is skipped, and the next one gets the first bytes of the client whole', async () => {
      const client = await bed.connect()
      client.send(pattern(1, 500_000))
      client.end()
      const peer = await serving.accepted()
      await peer.receive(500_000)
      expect(peer.missingFrom(client)).toBeUndefined()
      peer.end()
      const [record] = await bed.recorded(1)
      expect(record).toMatchObject({
        backend: serving.address,
        retries: 1,
        bytesUp: 500_000,
        termination: '--',
      })
    })

    it('a backend that refuses rests, as status and log say, and is not dialled meanwhile', async () => {
      await visit(serving)
      const { backends } = bed.proxy.status().clusters[0]!
      expect(backends[0]).toMatchObject({
        state: 'down',
        failures: 1,
        lastError: 'ECONNREFUSED',
        connections: 0,
      })
      expect(backends[0]!.restingMs).toBeGreaterThan(0)
      expect(backends[0]!.restingMs).toBeLessThanOrEqual(1200)
      expect(backends[1]).toMatchObject({ state: 'up', failures: 0, restingMs: 0 })
      const told = await bed.told(/rests: L4CON ECONNREFUSED/)
      expect(told).toMatchObject({
        level: 'warn',
        cluster: 'back',
        backend: refusing.address,
        reason: 'L4CON',
      })
      await visit(serving)
      await visit(serving)
      expect((await bed.recorded(3)).map(({ retries }) => retries)).toEqual([1, 0, 0])
      expect(bed.proxy.status().clusters[0]!.backends[0]).toMatchObject({ failures: 1 })
    })

    it('a backend that refused is up again as soon as it answers', async () => {
      serving.refuse()
      const gone = await bed.connect()
      expect(await gone.ended).toBe('ECONNRESET')
      const risen = await Backend.listen({ host: '127.0.0.1', port: refusing.port })
      await visit(risen)
      expect(await bed.told(/is back/)).toMatchObject({ level: 'info', backend: refusing.address })
      expect(bed.proxy.status().clusters[0]!.backends[0]).toMatchObject({ state: 'up', restingMs: 0 })
      await risen.close()
    })

    it('a client is reset if all backends refuse, and the record says why', async () => {
      serving.refuse()
      const client = await bed.connect()
      client.send(pattern(2, 1000))
      expect(await client.ended).toBe('ECONNRESET')
      const [record] = await bed.recorded(1)
      expect(record).toMatchObject({ retries: 1, bytesUp: 0, backend: serving.address, termination: 'SC' })
      const cause = { by: 'backend', phase: 'connect', cause: 'no-backend', errno: 'ECONNREFUSED' }
      expect(record!.ended).toEqual(cause)
      expect(record!.backendAddress).toBeUndefined()
    })
  })

  it('a backend without a socket at its unix path is skipped', async () => {
    const serving = await Backend.listen({ path: join(folder, 'there') })
    const backends = [`unix:${join(folder, 'not-there')}`, serving.address]
    bed = await Bed.start({ clusters: { back: { backends, health: QUICK } } })
    await visit(serving)
    expect(await bed.recorded(1)).toMatchObject([{ retries: 1, backend: serving.address }])
    expect(bed.proxy.status().clusters[0]!.backends[0]).toMatchObject({ lastError: 'ENOENT', state: 'down' })
    await serving.close()
  })

  describe('backends that do not answer', () => {
    let silent: SilentBackend

    beforeEach(async () => {
      silent = await SilentBackend.listen()
    })
    afterEach(() => silent.close())

    it('a backend that does not answer is skipped after connectMs, and the next one gets all bytes', async () => {
      const serving = await Backend.listen()
      const backends = [silent.address, serving.address]
      bed = await Bed.start({ clusters: { back: { backends, health: QUICK } }, timeouts: { connectMs: 200 } })
      const client = await bed.connect()
      client.send(pattern(4, 500_000))
      client.end()
      const peer = await serving.accepted()
      await peer.receive(500_000)
      expect(peer.missingFrom(client)).toBeUndefined()
      peer.end()
      const [record] = await bed.recorded(1)
      expect(record).toMatchObject({ retries: 1, backend: serving.address, termination: '--' })
      expect(record!.timings.connectMs).toBeGreaterThanOrEqual(200)
      expect(bed.proxy.status().clusters[0]!.backends[0]).toMatchObject({
        state: 'down',
        reason: 'L4TOUT',
        lastError: 'ETIMEDOUT',
      })
      await serving.close()
    })

    it('a client is reset after connectMs if no backend answers', async () => {
      bed = await Bed.start({ backends: [silent.address], timeouts: { connectMs: 100 } })
      const client = await bed.connect()
      expect(await client.ended).toBe('ECONNRESET')
      const [record] = await bed.recorded(1)
      expect(record).toMatchObject({ termination: 'sC', backend: silent.address })
      expect(record!.ended).toEqual({
        by: 'backend',
        phase: 'connect',
        cause: 'connect-timeout',
        errno: 'ETIMEDOUT',
      })
    })

    it('a client that resets while a backend is dialled gets its record', async () => {
      bed = await Bed.start({
        backends: [silent.address],
        timeouts: { connectMs: engine === 'kernel' ? 0 : 100 },
      })
      const client = await bed.connect()
      await until(() => bed.proxy.status().connections.active === 1)
      client.reset()
      const [record] = await bed.recorded(1)
      // Node does not watch a socket that it does not read. So the dial ends first there.
      if (engine === 'stream') expect(record).toMatchObject({ termination: 'sC' })
      else {
        expect(record).toMatchObject({ termination: 'CC' })
        const cause = { by: 'client', phase: 'connect', cause: 'client-gone', errno: 'ECONNRESET' }
        expect(record!.ended).toEqual(cause)
      }
    })

    it('a stop resets a client at once while its backend does not answer', async () => {
      bed = await Bed.start({ backends: [silent.address], timeouts: { connectMs: 0 } })
      const client = await bed.connect()
      await until(() => bed.proxy.status().connections.active === 1)
      await bed.proxy.stop()
      expect(await client.ended).toBe('ECONNRESET')
      expect(await bed.recorded(1)).toMatchObject([
        { termination: 'KC', ended: { by: 'proxy', phase: 'connect', cause: 'ordered' } },
      ])
    })

    it('a drain waits until its deadline for a backend that does not answer', async () => {
      bed = await Bed.start({ backends: [silent.address], timeouts: { connectMs: 0 } })
      const client = await bed.connect()
      await until(() => bed.proxy.status().connections.active === 1)
      expect(await bed.proxy.drain({ deadlineMs: 50 })).toEqual({ finished: 0, closed: 0, cut: 1 })
      expect(await client.ended).toBe('ECONNRESET')
    })
  })
}

async function finish(client: Peer, peer: Peer): Promise<void> {
  client.end()
  peer.end()
  await Promise.all([client.closed, peer.closed])
}

/** Each kind of connection that can move goes on in the other proxy as if nothing had happened. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import type { RunningProxy } from '../../src/proxy/running-proxy.js'
import type { RouteDecision } from '../../src/route/visitor.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { advanceClock, restoreClock, stopClock } from '../support/clock.js'
import { openedSince, openFds } from '../support/fds.js'
import { temporaryFolder } from '../support/folder.js'
import { postgresPrograms, startPostgres } from '../support/postgres.js'
import { areMissing, freePort, Program } from '../support/programs.js'
import { trimPipes } from '../support/rig.js'
import { turns } from '../support/wait.js'
import { HandOverRig } from './hand-over-rig.js'

const MIB = 1024 * 1024
const folder = temporaryFolder()
const hasAddon = kernelLoop() instanceof KernelLoop

describe.runIf(hasAddon)('a hand-over', () => {
  let rig: HandOverRig
  let before: readonly string[]
  beforeEach(async () => {
    before = openFds()
    rig = await HandOverRig.begin(folder)
  })
  afterEach(async () => {
    restoreClock()
    await rig.end()
    trimPipes()
    expect(openedSince(before)).toEqual([])
  })

  const pinned = (): number => (kernelLoop() as KernelLoop).native.count().pinnedBytes
  const only = (proxy: RunningProxy) => proxy.connections()[0]!

  test('bytes that wait in kernel pipes both ways all arrive', async () => {
    const [a, b] = [await rig.proxy({ splice: 'on' }), await rig.proxy({ splice: 'on' })]
    const { client, backend } = await rig.join(a)
    client.pause()
    backend.pause()
    const [up, down] = [pattern(1, 8 * MIB), pattern(2, 8 * MIB)]
    backend.send(down)
    while (pinned() === 0) await turns(5)
    const pinnedDown = pinned()
    client.send(up)
    while (pinned() <= pinnedDown) await turns(5)
    expect(await rig.give(a, b)).toBe(1)
    client.resume()
    backend.resume()
    await Promise.all([client.receive(down.length), backend.receive(5 + up.length)])
    expect([client.missingFrom(backend), backend.missingFrom(client)]).toEqual([undefined, undefined])
    expect(pinned()).toBe(0)
  })

  test('what a route function has decided holds in the other proxy, and a backend in no config stays', async () => {
    const { address } = rig.backend
    const decisions: RouteDecision[] = [
      { cluster: 'back', tags: { tenant: 'a' }, limits: { maxBytes: '2KiB' }, timeouts: { idleMs: '8h' } },
      { backend: address },
    ]
    const front = { name: 'front', address: '127.0.0.1:0', route: () => decisions.shift() }
    const [a, b] = [await rig.proxy({ listeners: [front] }), await rig.proxy({ listeners: [front] })]
    const { backend } = await rig.join(a)
    await rig.join(a)
    expect(await rig.give(a, b)).toBe(1)
    expect(only(a).backend?.name).toBe(address)
    backend.send(pattern(1, 4096))
    expect(await backend.ended).not.toBe('')
    expect(rig.records).toMatchObject([{ tags: { tenant: 'a' }, ended: { cause: 'quota' } }])
  })

  test('a connection whose backend has ended first still brings the bytes of its client', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    const { client, backend } = await rig.join(a)
    backend.end()
    expect(await client.ended).toBe('fin')
    expect(await rig.give(a, b)).toBe(1)
    client.send(Buffer.from(' and more'))
    await backend.receive(14)
    client.end()
    expect(await backend.ended).toBe('fin')
    expect(rig.records).toMatchObject([{ ended: { by: 'backend', cause: 'finished' } }])
  })

  test('clients and backends on unix sockets go on', async () => {
    const path = join(folder, 'backend.sock')
    const unix = (await Backend.listen({ path })).echo()
    const configOf = (name: string) => ({
      listeners: [{ name: 'front', address: `unix:${join(folder, name)}`, cluster: 'back' }],
      clusters: { back: { backends: [`unix:${path}`] } },
    })
    const [a, b] = [await rig.proxy(configOf('a')), await rig.proxy(configOf('b'))]
    const client = await rig.connect(a)
    client.send(Buffer.from('hello'))
    await client.receive(5)
    expect(await rig.give(a, b)).toBe(1)
    client.send(Buffer.from('again'))
    await client.receive(10)
    client.end()
    expect(await client.ended).toBe('fin')
    await unix.close()
  })

  test('the time since the last byte goes on', async () => {
    const timeouts = { idleMs: '1h' }
    const [a, b] = [await rig.proxy({ timeouts }), await rig.proxy({ timeouts })]
    stopClock()
    await rig.join(a)
    advanceClock(30_000)
    expect(await rig.give(a, b)).toBe(1)
    const frozen = only(b).freeze()!
    expect(frozen.standing.facts.silentMs).toBeGreaterThanOrEqual(30_000)
    only(b).thaw(frozen)
  })

  test('a rate that an operator has set can be seen and changed after the move', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    const { client, backend } = await rig.join(a)
    const id = a.ids.tell(only(a))
    a.limit(id, { down: 2000 })
    expect(await rig.give(a, b)).toBe(1)
    expect(b.limiting.bandwidth.orderedFor(only(b))).toEqual({ down: 2000 })
    b.limit(id, { down: 0 })
    backend.send(pattern(3, MIB))
    await client.receive(MIB)
  })

  test.skipIf(postgresPrograms() === undefined || areMissing('psql'))(
    'a Postgres session goes on, and its query can be cancelled',
    async () => {
      const server = await startPostgres(join(folder, 'postgres'))
      const port = await freePort()
      const config = {
        listeners: [
          { name: 'front', address: `127.0.0.1:${port}`, startTls: 'postgres' as const, cluster: 'back' },
        ],
        clusters: { back: { backends: [`127.0.0.1:${server.port}`] } },
      }
      const a = await rig.proxy(config)
      const query = "do $$ begin raise notice 'sleeping'; perform pg_sleep(600); end $$"
      const where = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres']
      const psql = new Program('psql', ['-X', ...where, '-c', query])
      await psql.seen(() => psql.stderr.includes('sleeping'))
      a.acceptor.closeAll()
      const b = await rig.proxy(config)
      expect(await rig.give(a, b)).toBe(1)
      psql.child.kill('SIGINT')
      await psql.seen(() => psql.stderr.includes('canceling statement due to user request'))
      await psql.exited
      await server.stop()
    },
  )
})

/** What an upgrade hands over, and how orders reach connections that are still in the old process. */
import { afterEach, describe, expect, it } from 'vitest'
import type { ConnectionList, SourceInfo, SourceList } from '../../src/control/answers.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { turnedAway } from '../support/peer.js'
import { UpgradeRig } from './rig.js'

const REFUSED = '127.0.0.1:1'

describe.each([{ workers: 1 }, { workers: 2 }])('an upgrade with $workers workers', ({ workers }) => {
  const folder = temporaryFolder()
  let rig: UpgradeRig
  let echo: Backend

  afterEach(async () => {
    await rig.end()
    await echo.close()
  })

  it('keeps the orders of operators, what is known of backends, bans, and what limits count', async () => {
    echo = (await Backend.listen()).echo()
    rig = await UpgradeRig.start(folder, {
      workers,
      listeners: [
        {
          name: 'front',
          address: '127.0.0.1:0',
          cluster: 'a',
          limits: { maxConnections: 1, whenFull: 'refuse' },
        },
        {
          name: 'slow',
          address: '127.0.0.1:0',
          cluster: 'a',
          limits: {
            newPerSecond: { rate: 0.01, burst: 1 },
            whenFull: 'refuse',
            perSource: { bytesPerDay: '1MiB' },
          },
        },
        { name: 'side', address: '127.0.0.1:0', cluster: 'b' },
      ],
      clusters: {
        a: { backends: [echo.address] },
        b: { backends: [echo.address, REFUSED] },
        c: { backends: [REFUSED], health: { check: { everyMs: '100ms', fall: 1 } } },
      },
      timeouts: { drainMs: '24d' },
    })
    const { admin, pid: first } = rig
    const backend = (address: string): string => `/api/v1/clusters/b/backends/${encodeURIComponent(address)}`
    await admin.ask('PATCH', backend(echo.address), { state: 'drain', weight: 7 })
    await admin.ask('PATCH', backend(REFUSED), { state: 'maint' })
    await admin.ask('POST', '/api/v1/bans', { client: '192.0.2.7', forMs: 3_600_000, why: 'test' })
    await admin.ask('POST', '/api/v1/clusters/b/hold', { maxMs: 3_600_000 })
    await admin.ask('PUT', '/api/v1/log/level', { level: 'debug' })
    await admin.ask('POST', '/api/v1/drain', { listener: 'side' })
    await rig.statusWhen(isDown)
    const client = await rig.join()
    const slow = portOf(await rig.status(), 'slow')
    const other = await rig.join(slow)
    await rig.upgrade()
    const status = await rig.status()
    expect(backendsOf(status, 'b')).toMatchObject([{ setTo: 'drain', weight: 7 }, { setTo: 'maint' }])
    expect(isDown(status)).toBe(true)
    expect(status.clusters[1]!.holdSeconds).toBeGreaterThan(3000)
    expect(status.logLevel).toBe('debug')
    expect(listenerOf(status, 'side')).toMatchObject({ isListening: false })
    expect(status.topBans).toMatchObject([{ clients: { network: '192.0.2.7' }, why: 'test' }])
    for (const port of [rig.port, slow]) expect(await turnedAway(rig.connect(port))).toBe('ECONNRESET')
    // Both directions count, also those that the old process tells later.
    const source = async (): Promise<SourceInfo | undefined> =>
      ((await admin.ask('GET', '/api/v1/sources?scope=listener/slow')) as SourceList).sources[0]
    while ((await source())?.bytesToday !== 10);
    expect(await source()).toMatchObject({ source: '127.0.0.1', connections: 1 })
    const { connections } = (await admin.ask('GET', '/api/v1/connections')) as ConnectionList
    expect(connections.map(({ predecessor }) => predecessor)).toEqual([first, first])
    const { id } = connections[0]!
    expect(await admin.ask('PUT', `/api/v1/connections/${id}/limit`, { down: 1024 })).toEqual({ id })
    expect(await admin.ask('POST', '/api/v1/connections/kill', { listener: 'slow' })).toEqual({ killed: 1 })
    expect(await other.ended).toBe('ECONNRESET')
    client.socket.destroy()
    await rig.statusWhen(({ predecessor }) => predecessor === undefined)
    await rig.join()
  })
})

const backendsOf = ({ clusters }: ProxyStatus, name: string) =>
  clusters.find((cluster) => cluster.name === name)!.backends

const listenerOf = ({ listeners }: ProxyStatus, name: string) =>
  listeners.find((listener) => listener.name === name)!

const portOf = (status: ProxyStatus, name: string): number =>
  Number(listenerOf(status, name).address.split(':').at(-1))

const isDown = (status: ProxyStatus): boolean => backendsOf(status, 'c')[0]!.state === 'down'

/** What an upgrade hands over: orders, what is known of backends, bans, and places in limits. */
import { afterEach, describe, expect, it } from 'vitest'
import type { ProxyStatus } from '../../src/observe/status.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { UpgradeRig } from './rig.js'

const REFUSED = '127.0.0.1:1'

describe.each([{ workers: 1 }, { workers: 2 }])('an upgrade with $workers workers', ({ workers }) => {
  const folder = temporaryFolder()
  let rig: UpgradeRig
  let other: Backend

  afterEach(async () => {
    await rig.end()
    await other.close()
  })

  it('keeps the orders of operators, what is known of backends, bans, and places in limits', async () => {
    other = (await Backend.listen()).echo()
    rig = await UpgradeRig.start(folder, {
      workers,
      listeners: [
        {
          name: 'front',
          address: '127.0.0.1:0',
          cluster: 'a',
          limits: { maxConnections: 1, whenFull: 'refuse' },
        },
        { name: 'side', address: '127.0.0.1:0', cluster: 'b' },
      ],
      clusters: {
        a: { backends: [other.address] },
        b: { backends: [other.address, REFUSED] },
        c: { backends: [REFUSED], health: { check: { everyMs: '100ms', fall: 1 } } },
      },
      timeouts: { drainMs: '24d' },
    })
    const { admin } = rig
    const backend = (address: string): string => `/api/v1/clusters/b/backends/${encodeURIComponent(address)}`
    await admin.ask('PATCH', backend(other.address), { state: 'drain', weight: 7 })
    await admin.ask('PATCH', backend(REFUSED), { state: 'maint' })
    await admin.ask('POST', '/api/v1/bans', { client: '192.0.2.7', forMs: 3_600_000, why: 'test' })
    await admin.ask('POST', '/api/v1/clusters/b/hold', { maxMs: 3_600_000 })
    await admin.ask('PUT', '/api/v1/log/level', { level: 'debug' })
    await admin.ask('POST', '/api/v1/drain', { listener: 'side' })
    await rig.statusWhen(isDown)
    const client = await rig.join()
    await rig.upgrade()
    const status = await rig.status()
    expect(backendsOf(status, 'b')).toMatchObject([{ setTo: 'drain', weight: 7 }, { setTo: 'maint' }])
    expect(isDown(status)).toBe(true)
    expect(status.clusters[1]!.holdSeconds).toBeGreaterThan(3000)
    expect(status.logLevel).toBe('debug')
    expect(status.listeners[1]).toMatchObject({ isListening: false })
    expect(status.topBans).toMatchObject([{ clients: { network: '192.0.2.7' }, why: 'test' }])
    const refused = await rig.connect()
    expect(await refused.ended).toBe('ECONNRESET')
    client.socket.destroy()
    await rig.statusWhen(({ predecessor }) => predecessor === undefined)
    await rig.join()
  })
})

const backendsOf = ({ clusters }: ProxyStatus, name: string) =>
  clusters.find((cluster) => cluster.name === name)!.backends

const isDown = (status: ProxyStatus): boolean => backendsOf(status, 'c')[0]!.state === 'down'

/** Workers agree about backends: which are ejected, and to which tier a cluster with a manual failback has moved. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProxyStatus } from '../../src/observe/status.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { connectTo } from '../support/peer.js'
import { WorkersRig } from './rig.js'

const EJECT = { failures: 1, forMs: '10m', maxForMs: '10m' }

describe('two workers', () => {
  const folder = temporaryFolder()
  let rig: WorkersRig
  let gone: Backend

  beforeEach(async () => {
    gone = await Backend.listen()
    await gone.close()
  })
  afterEach(() => rig.end())

  const pair = (health: object) => ({
    clusters: {
      a: {
        backends: [gone.address, { address: rig.backends[0]!.address, backup: true }],
        health: { eject: EJECT, ...health },
      },
    },
  })

  async function start(health: object): Promise<void> {
    rig = await WorkersRig.start(folder)
    await rig.reload(pair(health))
  }

  /** One client, which one of the workers accepts, reaches the backup. */
  async function join(): Promise<void> {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: rig.port })
    client.send(Buffer.from('ping'))
    await client.receive(4)
    client.socket.destroy()
  }

  /** As soon as the figures of all workers together say so. `down` and a tier show only if no worker differs. */
  const whenMoved = (tier: number): Promise<ProxyStatus> =>
    rig.statusWhen(({ clusters }) => {
      const { servingTier, backends } = clusters.find(({ name }) => name === 'a')!
      return servingTier === tier && backends[0]!.state === 'down'
    })

  it('a backend that one worker has ejected is down in all workers', async () => {
    await start({})
    await join()
    const status = await whenMoved(100)
    const { failures, restingMs } = status.clusters.find(({ name }) => name === 'a')!.backends[0]!
    expect([failures, restingMs > 60_000]).toEqual([1, true])
  })

  it('a cluster that one worker has moved stays moved in all workers, in new ones, and over a reload', async () => {
    await start({ failback: 'manual' })
    await join()
    await whenMoved(100)
    await rig.reload({ ...pair({ failback: 'manual' }), timeouts: { idleMs: '9m' } })
    await whenMoved(100)
    for (const pid of rig.workerPids()) {
      await rig.killOne(pid)
      await rig.statusWhen(({ workers }) => workers === 2)
    }
    const status = await whenMoved(100)
    // No new worker had to find out by itself. The count of the first one may have died with it.
    expect(status.clusters.find(({ name }) => name === 'a')!.backends[0]!.failures).toBeLessThanOrEqual(1)
  })

  it('a failback reaches all workers', async () => {
    await start({ failback: 'manual' })
    await join()
    await whenMoved(100)
    const risen = await Backend.listen({ host: '127.0.0.1', port: gone.port })
    expect(await rig.admin.ask('POST', '/api/v1/clusters/a/failback')).toEqual({
      cluster: 'a',
      servingTier: 0,
    })
    const status = await rig.status()
    expect(status.clusters.find(({ name }) => name === 'a')!.backends[0]!.state).toBe('up')
    await risen.close()
  })
})

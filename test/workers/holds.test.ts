/** An operator holds a cluster, and all workers do so. */
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { connectTo, type Peer } from '../support/peer.js'
import { WorkersRig } from './rig.js'

describe('two workers', () => {
  const folder = temporaryFolder()
  let rig: WorkersRig
  afterEach(() => rig.end())

  const heldClusters = async (): Promise<string[]> =>
    (await rig.status()).clusters
      .filter(({ holdSeconds }) => holdSeconds !== undefined)
      .map(({ name }) => name)
  const hold = (maxMs: number) => rig.admin.ask('POST', '/api/v1/clusters/a/hold', { maxMs })

  async function come(count: number): Promise<Peer[]> {
    const clients = await Promise.all(
      Array.from({ length: count }, () => connectTo({ kind: 'tcp', host: '127.0.0.1', port: rig.port })),
    )
    for (const client of clients) client.send(Buffer.from('ping'))
    return clients
  }

  it('a hold lets the clients of all workers wait, also after a reload and in a worker that comes later', async () => {
    rig = await WorkersRig.start(folder)
    expect(await hold(600_000)).toEqual({ cluster: 'a', connections: 0 })
    await rig.reload({ timeouts: { idleMs: '9m' } })
    for (const pid of rig.workerPids()) {
      await rig.killOne(pid)
      await rig.statusWhen(({ workers }) => workers === 2)
    }
    expect(await heldClusters()).toEqual(['a'])
    const clients = await come(8)
    await rig.statusWhen(({ clusters }) => clusters.find(({ name }) => name === 'a')?.queued === 8)
    expect(await rig.admin.ask('POST', '/api/v1/clusters/a/release')).toEqual({ cluster: 'a', waited: 8 })
    await Promise.all(clients.map((client) => client.receive(4)))
    expect(await heldClusters()).toEqual([])
    for (const { socket } of clients) socket.destroy()
  })

  it('a release of a cluster that nobody holds is refused', async () => {
    rig = await WorkersRig.start(folder)
    await expect(rig.admin.ask('POST', '/api/v1/clusters/a/release')).rejects.toThrow(
      'nobody holds cluster "a"',
    )
  })
})

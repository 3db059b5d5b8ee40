/** An upgrade hands live connections over. Their peers notice nothing. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ConnectionList } from '../../src/control/answers.js'
import { loadNative } from '../../src/io/kernel/native.js'
import { takeConnections } from '../../src/upgrade/live-connections.js'
import type { Succession } from '../../src/upgrade/succession.js'
import { pattern } from '../support/bytes.js'
import { temporaryFolder } from '../support/folder.js'
import type { Peer } from '../support/peer.js'
import { until } from '../support/wait.js'
import { UpgradeRig } from './rig.js'

const TUNNELS = 50
const CHUNK_BYTES = 16 * 1024
/** So much may be on its way through each tunnel and back. */
const MOST_UNANSWERED_BYTES = 4 * CHUNK_BYTES
/** What comes through each tunnel after the upgrade, at least. */
const BYTES_AFTER = 4 * CHUNK_BYTES

/** Talks to the echo all the time, until `stop`. */
class Talker {
  readonly client: Peer
  #isOver = false

  constructor(client: Peer, seed: number) {
    this.client = client
    client.socket.on('data', () => this.#say(seed))
    this.#say(seed)
  }

  /** Resolves when so many more bytes have come, and all that was sent. */
  async stop(moreBytes: number): Promise<void> {
    await this.client.receive(this.client.receivedBytes + moreBytes)
    this.#isOver = true
    await this.client.receive(this.client.sentBytes)
  }

  #say(seed: number): void {
    const { client } = this
    while (!this.#isOver && client.sentBytes - client.receivedBytes < MOST_UNANSWERED_BYTES)
      client.send(pattern(seed, CHUNK_BYTES, client.sentBytes))
  }
}

const describeWithAddon = describe.runIf(loadNative().native !== undefined)

describeWithAddon.each([{ workers: 1 }, { workers: 2 }])(
  'an upgrade with $workers workers',
  ({ workers }) => {
    const folder = temporaryFolder()
    let rig: UpgradeRig

    afterEach(async () => {
      await rig.end()
    })

    it(`moves ${TUNNELS} tunnels with traffic both ways: no byte is lost, none ends, and all keep their ids`, async () => {
      const config = { workers, handOver: true, timeouts: { drainMs: '20s' } }
      rig = await UpgradeRig.start(folder, config)
      const talkers: Talker[] = []
      for (let seed = 1; seed <= TUNNELS; seed++) talkers.push(new Talker(await rig.join(), seed))
      const ids = await idsOf(rig)
      expect(ids).toHaveLength(TUNNELS)
      const first = rig.pid
      await rig.upgrade()
      await Promise.all([rig.gone(first), ...talkers.map((each) => each.stop(BYTES_AFTER))])
      expect(await idsOf(rig)).toEqual(ids)
      const status = await rig.status()
      expect(status.listeners[0]).toMatchObject({
        active: TUNNELS,
        accepted: TUNNELS,
        handedOver: TUNNELS,
        ended: 0,
      })
      const clients = talkers.map(({ client }) => client)
      for (const client of clients) client.end()
      expect(new Set(await Promise.all(clients.map(({ ended }) => ended)))).toEqual(new Set(['fin']))
      expect(clients.map((client) => client.missingFrom(client))).toEqual(clients.map(() => undefined))
      const ended = await rig.statusWhen(({ listeners }) => listeners[0]!.ended === TUNNELS)
      const bytes = clients.reduce((sum, { sentBytes }) => sum + sentBytes, 0)
      expect(ended.connections).toMatchObject({ active: 0, bytesUp: bytes, bytesDown: bytes })
    })
  },
)

describeWithAddon('a client that waits in the old process for the release of its cluster', () => {
  const folder = temporaryFolder()
  let rig: UpgradeRig

  afterEach(async () => {
    await rig.end()
  })

  it('is served once the new process is told to release it, and moves there then', async () => {
    rig = await UpgradeRig.start(folder, { handOver: true, timeouts: { drainMs: '24d' } })
    await rig.admin.ask('POST', '/api/v1/clusters/a/hold', { maxMs: 3_600_000 }, true)
    const client = await rig.connect()
    client.send(Buffer.from('hello'))
    await rig.statusWhen(({ clusters }) => clusters[0]!.queued === 1)
    const first = rig.pid
    await rig.upgrade()
    await rig.admin.ask('POST', '/api/v1/clusters/a/release', undefined, true)
    await client.receive(5)
    await rig.gone(first)
    client.send(Buffer.from('again'))
    await client.receive(10)
    expect((await rig.status()).listeners[0]).toMatchObject({ active: 1, handedOver: 1 })
  })
})

it('the folder of the sockets goes with the old process, even if a worker does not stop taking', async () => {
  const warn = vi.fn()
  const succession = {
    config: { handOver: { afterMs: 0 } },
    log: { warn },
    takeConnections: async (path: string) => [path],
    stopTaking: () => Promise.reject(new Error('silent')),
  } as unknown as Succession
  const remove = vi.fn()
  expect(await takeConnections(succession, Promise.resolve(), () => ({ path: 'folder', remove }))).toEqual([
    'folder',
  ])
  await until(() => warn.mock.calls.length > 0)
  expect(remove).toHaveBeenCalledOnce()
})

async function idsOf(rig: UpgradeRig): Promise<string[]> {
  const list = (await rig.admin.ask('GET', `/api/v1/connections?limit=${2 * TUNNELS}`)) as ConnectionList
  return list.connections.map(({ id }) => id).sort()
}

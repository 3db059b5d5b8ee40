/** Bans hold in all workers, whichever of them refused the client or heard of the order. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { BanList, Banned } from '../../src/control/answers.js'
import { temporaryFolder } from '../support/folder.js'
import { Peer, turnedAway } from '../support/peer.js'
import { WorkersRig } from './rig.js'

const folder = temporaryFolder()
/** So many connections reach more than one of four workers. */
const MANY = 40
const REJECTED = '127.0.0.2'
const POLICY = { after: 10, withinMs: '1h', forMs: '1h' }

let rig: WorkersRig
afterEach(() => rig.end())

async function start(native?: 'off'): Promise<void> {
  const listeners = [
    {
      name: 'front',
      address: '127.0.0.1:0',
      cluster: 'a',
      routes: [{ source: REJECTED, reject: true }],
      limits: { ban: POLICY },
    },
  ]
  rig = await WorkersRig.start(folder, { workers: 4, listeners }, native)
  await rig.statusWhen(({ workers }) => workers === 4)
}

async function connectFrom(source: string): Promise<Peer> {
  const socket = connect({ host: '127.0.0.1', port: rig.port, localAddress: source, allowHalfOpen: true })
  await once(socket, 'connect')
  return new Peer(socket)
}

/** Connects so many clients; returns how they end. */
async function endsOf(source: string, clients: number): Promise<Set<string>> {
  const ends = Array.from({ length: clients }, () => turnedAway(connectFrom(source)))
  return new Set(await Promise.all(ends))
}

const bans = async () => (await rig.admin.ask('GET', '/api/v1/bans')) as BanList
const order = (path: string, body: object) => rig.admin.ask('POST', `/api/v1/bans${path}`, body)

it.each([
  ['with the addon', undefined],
  ['without the addon', 'off'],
] as const)(
  'refusals in four workers %s count together, and all workers ban the source',
  async (_, native) => {
    await start(native)
    expect(await endsOf(REJECTED, POLICY.after)).toEqual(new Set(['ECONNRESET']))
    await rig.statusWhen((status) => status.bans.active === 1)
    expect(await endsOf(REJECTED, MANY)).toEqual(new Set(['ECONNRESET']))
    expect(await bans()).toMatchObject({
      matched: 1,
      bans: [{ network: REJECTED, listener: 'front', by: 'limit', refused: MANY }],
    })
    const records = await rig.millrace.records(POLICY.after + MANY)
    expect(records.filter(({ ended }) => ended.cause === 'denied: banned')).toHaveLength(MANY)
    const pids = rig.millrace.lines.filter(({ msg }) => msg === 'connection').map(({ pid }) => pid)
    expect(new Set(pids).size).toBeGreaterThan(1)
    expect(rig.millrace.lines.filter(({ msg }) => msg.startsWith('millrace bans'))).toMatchObject([
      { network: REJECTED, listener: 'front', pid: rig.millrace.program.pid },
    ])
    await rig.join()
  },
)

it('a ban holds after a reload and in a worker that takes the place of a dead one', async () => {
  await start()
  await order('', { client: '127.0.0.3', forMs: 3_600_000 })
  await rig.killOne()
  await rig.reload({ workers: 4, timeouts: { idleMs: '1h' } })
  await rig.statusWhen(({ workers, workerDeaths }) => workers === 4 && workerDeaths === 1)
  expect(await endsOf('127.0.0.3', MANY)).toEqual(new Set(['ECONNRESET']))
  expect((await bans()).bans).toMatchObject([{ network: '127.0.0.3', by: 'operator', refused: MANY }])
})

it('an order to ban and its end hold in all workers as soon as the order is answered', async () => {
  await start()
  const joined = await Promise.all(Array.from({ length: 8 }, () => rig.join()))
  expect((await order('', { client: '127.0.0.1', forMs: 60_000, end: true })) as Banned).toMatchObject({
    network: '127.0.0.1',
    killed: 8,
  })
  expect(new Set(await Promise.all(joined.map((client) => client.reallyEnded())))).toEqual(
    new Set(['ECONNRESET']),
  )
  expect(await endsOf('127.0.0.1', MANY)).toEqual(new Set(['ECONNRESET']))
  expect(await order('/lift', { client: '127.0.0.1' })).toEqual({ unbanned: 1 })
  for (let i = 0; i < 8; i++) await rig.join()
  await expect(order('/lift', { client: '127.0.0.1' })).rejects.toThrow('there is no ban of "127.0.0.1"')
})

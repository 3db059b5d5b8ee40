/** With several workers the supervisor asks DNS once for all of them: all have the same backends. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProxyStatus } from '../../src/observe/status.js'
import { temporaryFolder } from '../support/folder.js'
import { Knot } from '../support/knot.js'
import { areMissing } from '../support/programs.js'
import { bothServe, WorkersRig } from './rig.js'

/** Each answer is used for 20 ms, and an empty one is believed the second time. */
const SOON = { minTtlMs: 20, maxTtlMs: 20, jitterPercent: 0, emptyAnswers: 2, emptyForMs: 0 }
const TWO = 'pool 1 A 127.0.0.2\npool 1 A 127.0.0.1\n'

describe.skipIf(areMissing('knotd', 'knotc'))('two workers and a supervisor that asks DNS', () => {
  const folder = temporaryFolder()
  let folders = 0
  let knot: Knot
  let rig: WorkersRig

  beforeEach(async () => {
    knot = await Knot.start(join(folder, `knot-${++folders}`), 'test', TWO)
    rig = await WorkersRig.start(folder)
  })
  afterEach(async () => {
    await rig.end()
    await knot.program.kill()
  })

  const port = (): number => rig.backends[0]!.port
  const names = () => ({ servers: [`127.0.0.1:${knot.port}`], ...SOON })
  const config = (...backends: object[]) => ({ names: names(), clusters: { a: { backends } } })
  const pool = () => config({ address: `pool.test:${port()}`, expand: 'all' })
  const addressesIn = ({ clusters }: ProxyStatus): string[] =>
    clusters
      .find(({ name }) => name === 'a')!
      .backends.filter(({ isLeaving }) => !isLeaving)
      .map(({ address }) => address)
  /** Workers that have other backends differ. */
  const whenAllHave = (...ips: string[]) =>
    rig.statusWhen((status) => {
      const wanted = ips.map((ip) => `${ip}:${port()}`)
      return bothServe(status) && String(addressesIn(status)) === String(wanted) && isAgreed(status)
    })
  const isAgreed = ({ workersDiffer }: ProxyStatus): boolean => workersDiffer.length === 0

  it('all workers have a backend for each address of a name, and follow its changes', async () => {
    await rig.reload(pool())
    const { names: told } = await whenAllHave('127.0.0.1', '127.0.0.2')
    expect(told).toMatchObject([{ kind: 'host', name: 'pool.test', isFailing: false }])
    expect(told[0]?.answeredAt).toMatch(/^20/)
    await knot.serve('pool 1 A 127.0.0.1\n')
    await whenAllHave('127.0.0.1')
    await rig.join()
    await knot.serve('pool 1 TXT none\n')
    await whenAllHave()
    const { names: empty } = await rig.status()
    expect(empty).toMatchObject([{ places: [], isFailing: true, error: 'NODATA' }])
  })

  it('a worker that replaces another one has the backends at once, with what operators have set', async () => {
    await rig.reload(pool())
    await whenAllHave('127.0.0.1', '127.0.0.2')
    const path = `/api/v1/clusters/a/backends/${encodeURIComponent(`127.0.0.2:${port()}`)}`
    await rig.admin.ask('PATCH', path, { state: 'maint' })
    await rig.killOne()
    const { clusters } = await whenAllHave('127.0.0.1', '127.0.0.2')
    expect(clusters[0]!.backends.map(({ setTo }) => setTo)).toEqual(['up', 'maint'])
    await rig.join()
  })

  it('the priorities of a service are the same tiers in all workers', async () => {
    const records = `_db._tcp 1 SRV 10 5 ${port()} one\n_db._tcp 1 SRV 20 5 ${port()} two\none 1 A 127.0.0.1\ntwo 1 A 127.0.0.2\n`
    await knot.serve(records)
    await rig.reload(config({ srv: '_db._tcp.test' }))
    const { clusters } = await whenAllHave('127.0.0.1', '127.0.0.2')
    expect(clusters[0]).toMatchObject({ servingTier: 10, backends: [{ tier: 10, weight: 5 }, { tier: 20 }] })
    await rig.join()
  })

  it('the last good answer stays in all workers when the DNS server is gone', async () => {
    await rig.reload(pool())
    await whenAllHave('127.0.0.1', '127.0.0.2')
    await knot.program.kill()
    await rig.statusWhen(({ names: [name] }) => name?.isFailing === true)
    await rig.killOne()
    await whenAllHave('127.0.0.1', '127.0.0.2')
  })
})

/** A proxy that asks a real DNS server whose answers change under traffic. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ClusterInput } from '../../src/config/input.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { Knot } from '../support/knot.js'
import type { Peer } from '../support/peer.js'
import { areMissing } from '../support/programs.js'
import { until } from '../support/wait.js'
import { Bed } from './bed.js'

/** Each answer is used for 20 ms, and an empty one is believed the second time. */
const SOON = { minTtlMs: 20, maxTtlMs: 20, jitterPercent: 0, emptyAnswers: 2, emptyForMs: 0 }

export function describeNames(): void {
  describe.skipIf(areMissing('knotd', 'knotc'))('names that Knot DNS answers', () => {
    const folder = temporaryFolder()
    let folders = 0
    let knot: Knot
    let bed: Bed
    /** On one port, at 127.0.0.1 and 127.0.0.2. */
    let one: Backend
    let two: Backend

    beforeEach(async () => {
      knot = await Knot.start(join(folder, `knot-${++folders}`), 'test', '')
      one = await Backend.listen()
      two = await Backend.listen({ host: '127.0.0.2', port: one.port })
    })
    afterEach(async () => {
      await bed.end()
      await Promise.all([one.close(), two.close()])
      await knot.program.kill()
    })

    const begin = async (back: ClusterInput, names: object = {}): Promise<void> => {
      const servers = [`127.0.0.1:${knot.port}`]
      bed = await Bed.start({ clusters: { back }, names: { servers, ...SOON, ...names } })
    }
    const pool = (): ClusterInput => ({ backends: [{ address: `pool.test:${one.port}`, expand: 'all' }] })
    const present = (): string[] =>
      bed.proxy
        .status()
        .clusters[0]!.backends.filter(({ isLeaving }) => !isLeaving)
        .map(({ address }) => address)
    const whenPresent = (...backends: Backend[]) =>
      until(() => String(present()) === String(backends.map(({ address }) => address)))
    const whenFailing = (error: string) => until(() => bed.proxy.status().names[0]?.error === error)
    const reaches = async (backend: Backend): Promise<[client: Peer, peer: Peer]> => {
      const client = await bed.connect()
      return [client, await backend.accepted()]
    }

    it('addresses that are added get clients, and those that are gone get none and keep theirs', async () => {
      await knot.serve('pool 1 A 127.0.0.1\n')
      await begin(pool())
      const [client, peer] = await reaches(one)
      await knot.serve('pool 1 A 127.0.0.1\npool 1 A 127.0.0.2\n')
      await whenPresent(one, two)
      await knot.serve('pool 1 A 127.0.0.2\n')
      await whenPresent(two)
      for (let i = 0; i < 3; i++) await reaches(two)
      await until(() => bed.proxy.status().clusters[0]!.backends[0]!.active === 3)
      client.send(Buffer.from('still here'))
      await peer.receive(10)
      expect(bed.proxy.status().clusters[0]!.backends).toMatchObject([
        { address: two.address, isLeaving: false, active: 3 },
        { address: one.address, isLeaving: true, active: 1 },
      ])
    })

    it('empty answers are believed after some, and a name that returns gets clients again', async () => {
      await knot.serve('pool 1 A 127.0.0.1\n')
      await begin(pool())
      await whenPresent(one)
      await knot.serve('')
      await whenPresent()
      expect(bed.proxy.status().names).toMatchObject([{ places: [], isFailing: true, error: 'NXDOMAIN' }])
      await knot.serve('pool 1 A 127.0.0.2\n')
      await whenPresent(two)
      await reaches(two)
    })

    it('the last good answer stays while the server fails, and when it is gone', async () => {
      await knot.serve('pool 1 A 127.0.0.1\n')
      await begin(pool())
      await whenPresent(one)
      await knot.program.kill()
      await whenFailing('ECONNREFUSED')
      await reaches(one)
      expect(present()).toEqual([one.address])
    })

    it('a name whose zone is broken has no address, and its clients are refused', async () => {
      await begin({ backends: [`db.broken.test:${one.port}`] })
      await whenFailing('SERVFAIL')
      expect(await bed.turnedAway()).toBe('ECONNRESET')
      const [record] = await bed.recorded(1)
      expect(record).toMatchObject({ ended: { cause: 'no-backend', errno: 'ENOTFOUND' } })
    })

    it('the servers of a service have its ports, tiers and weights, and a change of a weight is no new backend', async () => {
      const records = (weight: number) =>
        `_pg._tcp 1 SRV 1 ${weight} ${one.port} one\n_pg._tcp 1 SRV 2 0 ${two.port} two\none 1 A 127.0.0.1\ntwo 1 A 127.0.0.2\n`
      await knot.serve(records(10))
      await begin({ backends: [{ srv: '_pg._tcp.test' }] })
      await whenPresent(one, two)
      await reaches(one)
      const backends = () => bed.proxy.status().clusters[0]!.backends
      await until(() => backends()[0]!.active === 1)
      expect(backends()).toMatchObject([
        { tier: 1, weight: 10 },
        { tier: 2, weight: 1 },
      ])
      await knot.serve(records(20))
      await until(() => backends()[0]!.weight === 20)
      expect(backends()[0]).toMatchObject({ active: 1, connections: 1 })
    })

    it('a name that moves is one backend, and its connections stay', async () => {
      await knot.serve('db 1 A 127.0.0.1\n')
      await begin({ backends: [`db.test:${one.port}`] })
      const [client, peer] = await reaches(one)
      await knot.serve('db 1 A 127.0.0.2\n')
      await until(() => bed.proxy.status().clusters[0]!.backends[0]!.resolved[0] === two.address)
      await reaches(two)
      client.send(Buffer.from('x'))
      await peer.receive(1)
    })
  })
}

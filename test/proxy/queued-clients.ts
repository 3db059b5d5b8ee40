/** Queued clients: in which order they go on, how the others end, and that nothing is left of them. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Queue } from '../../src/admission/rule.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { SilentBackend } from '../support/silent-backend.js'
import { turns, until } from '../support/wait.js'
import { AdmissionRig, Limit, queueFor, SAID_BYTES } from './admission-rig.js'
import { deadlinesAreLookedAt, hastened } from './time.js'

export function describeQueuedClients(): void {
  let rig: AdmissionRig
  beforeEach(async () => {
    rig = await AdmissionRig.create()
  })
  afterEach(() => rig.end())

  const oneAtATime = (options: Partial<Queue> = {}) => new Limit(1, (service) => queueFor(service, options))

  it('queued clients go on in order, each when a backend is released, and lose no byte', async () => {
    await rig.start(oneAtATime())
    const first = await rig.served()
    const others = await rig.comeInVain(3)
    expect(rig.queued).toBe(3)
    expect(rig.bed.proxy.status()).toMatchObject({ listeners: [{ accepted: 4, active: 4 }] })
    expect(rig.backend.peers).toHaveLength(1)
    await rig.leave(first)
    await rig.servedInOrder(others)
    expect(rig.queued).toBe(0)
    for (const { timings, termination, bytesUp } of (await rig.bed.recorded(4)).slice(1)) {
      expect({ termination, bytesUp }).toEqual({ termination: '--', bytesUp: SAID_BYTES })
      expect(timings.waitMs! + timings.connectMs! + timings.firstByteMs!).toBeLessThanOrEqual(timings.totalMs)
      expect(timings.waitMs).toBeGreaterThan(0)
    }
  })

  it('a queued client has its turn when the connection before it finds no backend', async () => {
    const refusing = await Backend.listen()
    refusing.refuse()
    await rig.start(oneAtATime(), { backends: [refusing.address] })
    rig.rule.most = 0
    const clients = await rig.comeInVain(2)
    rig.rule.most = 1
    rig.rule.step.askAgain()
    expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual(['ECONNRESET', 'ECONNRESET'])
    const records = await rig.bed.recorded(2)
    expect(records.map(({ ended: { cause } }) => cause)).toEqual(['no-backend', 'no-backend'])
  })

  it('a client queued for a backend has its turn when the dial of another client to that backend fails', async () => {
    const silent = await SilentBackend.listen()
    await rig.start(
      new Limit(1, (service) => queueFor(service, { target: service.destination!.cluster.backends[0]! })),
      { backends: [silent.address, rig.backend], timeouts: { connectMs: 5000 } },
    )
    const first = await rig.asked()
    const [second] = await rig.comeInVain(1)
    rig.rule.most = 2
    await hastened(rig.bed, second!.receive(SAID_BYTES))
    await rig.answered(first)
    await rig.servedInOrder([second!])
    await rig.leave(first)
    expect(await rig.bed.recorded(2)).toMatchObject([{ retries: 0 }, { retries: 1 }])
    await silent.close()
  })

  it('queued clients go on by priority, smaller numbers first, and then by their order', async () => {
    const priorities = [2, 1, 2, 1]
    await rig.start(new Limit(1, (service) => queueFor(service, { priority: priorities.shift()! })))
    const first = await rig.served()
    const [a, b, c, d] = await rig.comeInVain(4)
    rig.rule.otherwise = (service) => queueFor(service)
    await rig.leave(first)
    await rig.servedInOrder([b!, d!, a!, c!])
    await rig.bed.recorded(5)
  })

  it('clients queued for a backend and for its cluster go on in the order in which they came', async () => {
    let count = 0
    await rig.start(
      new Limit(1, (service) => {
        const { cluster } = service.destination!
        return queueFor(service, { target: count++ % 2 === 0 ? cluster.backends[0]! : cluster })
      }),
    )
    const first = await rig.served()
    const others = await rig.comeInVain(4)
    expect(rig.queued).toBe(2)
    await rig.leave(first)
    await rig.servedInOrder(others)
    await rig.bed.recorded(5)
  })

  it('a queued client is reset with connect-timeout when its deadline passes, and leaves the queue', async () => {
    await rig.start(oneAtATime({ deadlineMs: 5000 }))
    const first = await rig.served()
    const [late] = await rig.comeInVain(1)
    await deadlinesAreLookedAt(rig.bed)
    expect(rig.queued).toBe(1)
    expect(await hastened(rig.bed, late!.ended)).toBe('ECONNRESET')
    expect(rig.queued).toBe(0)
    const [record] = await rig.bed.recorded(1)
    expect(record).toMatchObject({ termination: 'sC', cluster: 'back' })
    const cause = { by: 'backend', phase: 'connect', cause: 'connect-timeout', errno: 'ETIMEDOUT' }
    expect(record!.ended).toEqual(cause)
    expect(record!.timings.waitMs).toBeUndefined()
    await rig.leave(first)
    await rig.bed.recorded(2)
  })

  it('a queued client that goes away leaves the queue, and the next one has its turn', async () => {
    await rig.start(oneAtATime())
    const first = await rig.served()
    const gone = await rig.asked()
    const [next] = await rig.comeInVain(1)
    gone.reset()
    await until(() => rig.queued === 1)
    const [record] = await rig.bed.recorded(1)
    const cause = { by: 'client', phase: 'connect', cause: 'client-gone', errno: 'ECONNRESET' }
    expect(record!.ended).toEqual(cause)
    await rig.leave(first)
    await rig.servedInOrder([next!])
    await rig.bed.recorded(3)
  })

  it('a queued client that has sent FIN stays in the queue', async () => {
    await rig.start(oneAtATime())
    const first = await rig.served()
    const [half] = await rig.comeInVain(1)
    half!.end()
    await turns(50)
    expect(rig.queued).toBe(1)
    await rig.leave(first)
    expect(await half!.ended).toBe('fin')
    expect(half!.missingFrom(half!)).toBeUndefined()
    await rig.bed.recorded(2)
  })

  it('an operator sees a queued client in the phase connect, and can kill it', async () => {
    await rig.start(oneAtATime())
    const first = await rig.served()
    const [client] = await rig.comeInVain(1)
    const { connections } = await rig.bed.control.connections({ sort: 'age' })
    expect(connections).toMatchObject([{ phase: 'data' }, { phase: 'connect', cluster: 'back' }])
    expect(await rig.bed.control.kill({ ids: [connections[1]!.id] })).toMatchObject({ killed: 1 })
    expect(await client!.ended).toBe('ECONNRESET')
    expect(rig.queued).toBe(0)
    await rig.leave(first)
    expect(await rig.bed.recorded(2)).toMatchObject([{ ended: { cause: 'killed', phase: 'connect' } }, {}])
  })

  it('a queued client has its turn while the proxy drains', async () => {
    await rig.start(oneAtATime())
    const first = await rig.served()
    const [second] = await rig.comeInVain(1)
    const drained = rig.bed.proxy.drain({ deadlineMs: 0 })
    await rig.leave(first)
    await rig.servedInOrder([second!])
    expect(await drained).toEqual({ finished: 2, closed: 0, cut: 0 })
  })

  it('a drain resets a queued client at its deadline', async () => {
    await rig.start(oneAtATime())
    rig.rule.most = 0
    const [client] = await rig.comeInVain(1)
    expect(await rig.bed.proxy.drain({ deadlineMs: 50 })).toEqual({ finished: 0, closed: 0, cut: 1 })
    expect(await client!.ended).toBe('ECONNRESET')
    expect(rig.queued).toBe(0)
    const cause = { by: 'proxy', phase: 'connect', cause: 'drained' }
    expect(await rig.bed.recorded(1)).toMatchObject([{ ended: cause, termination: 'KC' }])
  })

  it('a stop resets queued clients', async () => {
    await rig.start(oneAtATime({ deadlineMs: 60_000 }))
    const first = await rig.served()
    const clients = await rig.comeInVain(2)
    await rig.bed.proxy.stop()
    expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual(['ECONNRESET', 'ECONNRESET'])
    expect(await first.ended).toBe('fin')
    const ends = (await rig.bed.recorded(3)).map(({ ended: { phase, cause } }) => `${phase} ${cause}`)
    expect(ends.sort()).toEqual(['connect ordered', 'connect ordered', 'data ordered'])
  })

  it('a queued client is reset if the admission rule refuses it when asked again', async () => {
    await rig.start(oneAtATime())
    const first = await rig.served()
    const [client] = await rig.comeInVain(1)
    rig.rule.otherwise = () => ({ answer: 'refuse', cause: 'rejected' })
    rig.rule.step.askAgain()
    expect(await client!.ended).toBe('ECONNRESET')
    await rig.leave(first)
    expect(await rig.bed.recorded(2)).toMatchObject([{ ended: { phase: 'opening', cause: 'rejected' } }, {}])
  })

  it('the PROXY header of a queued client is read only when its turn has come', async () => {
    await rig.start(oneAtATime(), {
      listeners: [
        { name: 'front', address: '127.0.0.1:0', cluster: 'back', acceptProxy: { from: ['127.0.0.1'] } },
      ],
    })
    const header = Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1111 2222\r\n')
    const first = await rig.bed.connect()
    first.send(header)
    await rig.answered(first)
    const second = await rig.asked()
    second.send(header)
    second.send(pattern(3, 1000))
    await turns(50)
    expect((await rig.bed.control.connections({ sort: 'age' })).connections[1]).toMatchObject({
      phase: 'connect',
    })
    await rig.leave(first)
    await second.receive(1000)
    expect(second.received.equals(pattern(3, 1000))).toBe(true)
    await rig.leave(second)
    const [, record] = await rig.bed.recorded(2)
    expect(record).toMatchObject({ client: '192.0.2.1:1111', termination: '--', bytesUp: 1000 })
    expect(record!.timings.waitMs).toBeGreaterThan(0)
  })
}

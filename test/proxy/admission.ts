/** Clients that are not all let in at once: which of them wait at a listener, and which are refused. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Claim } from '../../src/limits/claim.js'
import { pattern } from '../support/bytes.js'
import { turns } from '../support/wait.js'
import { AdmissionRig, Limit, SAID_BYTES } from './admission-rig.js'
import type { EngineKind } from './suite.js'

export function describeAdmission(engine: EngineKind): void {
  let rig: AdmissionRig
  beforeEach(async () => {
    rig = await AdmissionRig.create()
  })
  afterEach(() => rig.end())

  it('the admission rule is asked about each client once if it lets all of them in', async () => {
    await rig.start(new Limit(2, () => 'wait'))
    const clients = [await rig.served(), await rig.served()]
    expect(rig.rule.asked).toEqual(clients.map(({ socket }) => `127.0.0.1:${socket.localPort}`))
    expect(rig.rule.active).toBe(2)
    await Promise.all(clients.map((client) => rig.leave(client)))
    await rig.bed.recorded(2)
  })

  describe('clients that wait at their listener', () => {
    it('a client that waits at its listener is served when another connection ends, and loses no byte', async () => {
      await rig.start(new Limit(1, () => 'wait'))
      const first = await rig.served()
      const [second] = await rig.comeInVain(1)
      await rig.answered(first)
      expect(rig.bed.proxy.status().listeners).toMatchObject([{ accepted: 1, active: 1, isListening: true }])
      await rig.leave(first)
      await rig.servedInOrder([second!])
      expect(await rig.bed.recorded(2)).toMatchObject([{}, { termination: '--', bytesUp: SAID_BYTES }])
    })

    it('clients behind one that waits at the listener are asked about when it is their turn', async () => {
      await rig.start(new Limit(1, () => 'wait'))
      const first = await rig.served()
      const [second] = await rig.comeInVain(1)
      const behind = [await rig.bed.connect(), await rig.bed.connect()]
      for (const client of behind) client.send(pattern(3, SAID_BYTES))
      await turns(50)
      expect(rig.rule.asked).toHaveLength(2)
      await rig.leave(first)
      await rig.servedInOrder([second!, ...behind])
      await rig.bed.recorded(4)
    })

    it('a client that waits at its listener keeps no client of another listener waiting', async () => {
      await rig.start(new Limit(0, ({ name }) => (name === 'front' ? 'wait' : 'go-on')), {
        listeners: ['front', 'side'].map((name) => ({ name, address: '127.0.0.1:0', cluster: 'back' })),
      })
      rig.rule.most = 1
      const first = await rig.served(0)
      const [second] = await rig.comeInVain(1)
      rig.rule.otherwise = () => {
        rig.rule.active++
        return new Claim()
      }
      await rig.leave(await rig.served(1))
      await rig.leave(first)
      await rig.servedInOrder([second!])
      await rig.bed.recorded(3)
    })

    it('clients that wait at two listeners go on in turns', async () => {
      await rig.start(new Limit(1, () => 'wait'), {
        listeners: ['a', 'b'].map((name) => ({ name, address: '127.0.0.1:0', cluster: 'back' })),
      })
      const first = await rig.served()
      const a = await rig.asked(0)
      const b = await rig.asked(1)
      const nextOfA = await rig.bed.connect(0)
      for (const client of [a, b, nextOfA]) client.send(pattern(2, SAID_BYTES))
      await rig.leave(first)
      await rig.servedInOrder([a, b, nextOfA])
      const records = await rig.bed.recorded(4)
      expect(records.map(({ listener }) => listener)).toEqual(['a', 'a', 'b', 'a'])
    })

    it('a client that waits at its listener is served as soon as the rule lets it in', async () => {
      await rig.start(new Limit(0, () => 'wait'))
      const clients = await rig.comeInVain(1)
      rig.rule.most = 1
      rig.rule.step.askAgain()
      await rig.servedInOrder(clients)
      await rig.bed.recorded(1)
    })

    it('clients that wait at a listener, accepted or not, are reset when it closes', async () => {
      await rig.start(new Limit(0, () => 'wait'))
      const [client] = await rig.comeInVain(1)
      const behind = await rig.bed.connect()
      await turns(50)
      expect(await rig.bed.proxy.drain()).toEqual({ finished: 0, closed: 0, cut: 0 })
      expect(await Promise.all([client!.ended, behind.ended])).toEqual(['ECONNRESET', 'ECONNRESET'])
      expect(rig.bed.proxy.status().listeners).toMatchObject([{ accepted: 0 }])
    })

    it('a client that went away while it waited at its listener gets a record that says so', async () => {
      await rig.start(new Limit(1, () => 'wait'))
      const first = await rig.served()
      const gone = await rig.asked()
      gone.reset()
      await gone.closed
      await turns(50)
      await rig.leave(first)
      const [, record] = await rig.bed.recorded(2)
      // Node does not watch a socket that it does not read.
      const phase = engine === 'kernel' ? 'connect' : 'data'
      expect(record!.ended).toMatchObject({ by: 'client', phase })
    })

    it('a client that waits at its listener during a reload is served by the new config', async () => {
      const listener = { name: 'front', address: '127.0.0.1:0', cluster: 'back' }
      await rig.start(new Limit(0, () => 'wait'), { listeners: [listener] })
      const clients = await rig.comeInVain(1)
      await rig.bed.reload({ listeners: [{ ...listener, tags: { turn: '2' } }] })
      rig.rule.most = 1
      rig.rule.step.askAgain()
      await rig.servedInOrder(clients)
      expect(await rig.bed.recorded(1)).toMatchObject([{ tags: { turn: '2' } }])
    })
  })

  describe('refused clients', () => {
    it('a refused client is reset, and its one record says why', async () => {
      await rig.start(new Limit(1, () => ({ answer: 'refuse', cause: 'rejected: enough are here' })))
      const first = await rig.served()
      expect(await rig.bed.turnedAway()).toBe('ECONNRESET')
      await rig.leave(first)
      const [record] = await rig.bed.recorded(2)
      expect(record).toMatchObject({ listener: 'front', cluster: 'back', termination: 'PR', bytesUp: 0 })
      expect(record!.ended).toEqual({ by: 'proxy', phase: 'opening', cause: 'rejected: enough are here' })
      expect(rig.backend.peers).toHaveLength(1)
    })

    it('a refused client gets no bytes, because its protocol is not known yet', async () => {
      await rig.start(new Limit(0, () => ({ answer: 'refuse', cause: 'out-of-resources' })), {
        listeners: [{ address: '127.0.0.1:0', protocol: 'http', cluster: 'back' }],
      })
      const client = await rig.bed.connect().catch(() => undefined)
      await client?.ended
      expect(client?.receivedBytes ?? 0).toBe(0)
      const cause = { by: 'proxy', phase: 'connect', cause: 'out-of-resources' }
      expect(await rig.bed.recorded(1)).toMatchObject([{ ended: cause, termination: 'RC' }])
    })
  })
}

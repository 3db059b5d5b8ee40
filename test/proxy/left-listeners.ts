/** Clients that wait at a listener while another process takes its sockets over. Nobody else would serve them. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { turns } from '../support/wait.js'
import { AdmissionRig, Limit } from './admission-rig.js'

/** More than a listener hands out in one turn. */
const MANY = 40

export function describeLeftListeners(): void {
  let rig: AdmissionRig
  beforeEach(async () => {
    rig = await AdmissionRig.create()
  })
  afterEach(() => rig.end())

  it('a client that waits for admission is served before the drain ends', async () => {
    await rig.start(new Limit(1, () => 'wait'))
    const first = await rig.served()
    const [second] = await rig.comeInVain(1)
    rig.bed.proxy.acceptor.pause()
    rig.bed.proxy.acceptor.leaveAll()
    const drained = rig.bed.control.drain({ deadlineMs: 60_000 })
    await rig.answered(first)
    await rig.leave(first)
    await rig.servedInOrder([second!])
    expect(await drained).toEqual({ finished: 1, closed: 0, cut: 0 })
    await rig.bed.recorded(2)
  })

  it('a client that still waits for admission at the deadline of the drain is reset', async () => {
    await rig.start(new Limit(1, () => 'wait'))
    await rig.served()
    const [second] = await rig.comeInVain(1)
    rig.bed.proxy.acceptor.leaveAll()
    const drained = rig.bed.control.drain({ deadlineMs: 50, spreadMs: 0 })
    expect(await second!.ended).toBe('ECONNRESET')
    expect(await drained).toMatchObject({ finished: 0 })
  })

  it('clients that came during the pause are all served', async () => {
    await rig.start(new Limit(MANY, () => 'wait'))
    const { acceptor } = rig.bed.proxy
    acceptor.pause()
    const clients = await Promise.all(Array.from({ length: MANY }, () => rig.bed.connect()))
    // The other engine leaves them in the queue of the socket, which the other process has.
    await turns(5 * MANY)
    const isWaitingHere = rig.bed.proxy.engine.kind === 'stream'
    acceptor.leaveAll()
    const drained = rig.bed.control.drain({ deadlineMs: 60_000 })
    if (isWaitingHere) for (const client of clients) await rig.leave(client)
    await drained
    await rig.bed.recorded(isWaitingHere ? MANY : 0)
  })
}

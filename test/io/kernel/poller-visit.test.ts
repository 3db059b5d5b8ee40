/**
 * While copy offloads have work, the addon asks its poller again before it returns to libuv. However much work
 * there is, it returns in time for the process's own timers and promises.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEngine, kernelLoop } from '../../../src/io/choose-engine.js'
import { FdSocket } from '../../../src/io/kernel/fd-socket.js'
import { KernelLoop } from '../../../src/io/kernel/kernel-loop.js'
import type { Socket } from '../../../src/io/socket.js'
import { Rig } from '../../support/rig.js'
import { turns } from '../../support/wait.js'

/** Each ring keeps one event in every batch. With two or more rings the addon asks the poller again. */
const RINGS = 4
const MESSAGE_BYTES = 32 * 1024
/** At this count the addon reports a copy by itself. A visit that nothing else ends would reach it. */
const TOLD_FROM_BYTES = 2 ** 30

const loop = kernelLoop()
if (!(loop instanceof KernelLoop)) console.log(`not tested with the kernel loop: ${loop}`)

describe.runIf(loop instanceof KernelLoop)('a visit to the poller', () => {
  let rig: Rig
  const sockets: FdSocket[] = []
  beforeEach(() => {
    rig = new Rig({
      name: 'auto',
      splice: 'auto',
      noticesResetsOfUnread: true,
      knowsAcknowledged: true,
      createEngine,
    })
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close()
    expect(await rig.finish()).toEqual([])
  })

  /** A connection whose two ends both belong to the loop. */
  async function connection(): Promise<[FdSocket, FdSocket]> {
    const ends: Socket[] = []
    const accepted = (socket: Socket): unknown => ends.push(socket)
    const handler = { accepted, paused: () => {} }
    const { engine } = rig
    const listening = await engine.listen(rig.freeAddress(), { backlog: 1, sharePort: false }, handler)
    await new Promise<void>((done) => {
      engine.dial(listening.address, 0, ({ socket }) => {
        ends.push(socket!)
        done()
      })
    })
    while (ends.length < 2) await turns(1)
    listening.close()
    const both = ends.filter((end) => end instanceof FdSocket)
    sockets.push(...both)
    return [both[0]!, both[1]!]
  }

  test('a visit to the poller ends although messages circulate without end', async () => {
    const sources: FdSocket[] = []
    for (let i = 0; i < RINGS; i++) {
      const [[a, b], [c, d]] = [await connection(), await connection()]
      await turns(5)
      // What reaches b is sent on by c and reaches d. From there a sends it on, and it reaches b again.
      b.loop.offloadCopy(b, c.fd, Number.POSITIVE_INFINITY)
      d.loop.offloadCopy(d, a.fd, Number.POSITIVE_INFINITY)
      a.send(Buffer.alloc(MESSAGE_BYTES))
      sources.push(b)
    }
    await turns(3)
    const carried = sources.map((source) => source.loop.takeCarried(source.fd))
    expect(Math.min(...carried)).toBeGreaterThan(0)
    expect(Math.max(...carried)).toBeLessThan(TOLD_FROM_BYTES)
  })
})

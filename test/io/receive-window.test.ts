/** What the kernel says of the receive buffer of a source that is steady bulk, asked with ss(8). */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createEngine, kernelLoop } from '../../src/io/choose-engine.js'
import type { FdSocket } from '../../src/io/fd-socket.js'
import { KernelLoop } from '../../src/io/kernel-loop.js'
import { advanceClock, restoreClock } from '../support/clock.js'
import type { Peer } from '../support/peer.js'
import { areMissing, run } from '../support/programs.js'
import { Rig } from '../support/rig.js'

const MIB = 1024 * 1024
const STEADY_BYTES = 4 * MIB
/** More than the low-water mark makes of it, less than the least that tcp_rmem allows for on any Linux. */
const WIDE_BYTES = MIB

const loop = kernelLoop()
if (!(loop instanceof KernelLoop)) console.log(`the receive window is not tested: ${loop}`)

describe.skipIf(!(loop instanceof KernelLoop) || areMissing('ss'))('the receive window', () => {
  const { lowWater } = loop as KernelLoop
  let rig: Rig
  let peer: Peer
  let source: FdSocket

  beforeEach(async () => {
    rig = new Rig({ name: 'auto', splice: 'auto', noticesResetsOfUnread: true, createEngine })
    const [server, dialled] = await rig.dial()
    peer = server
    source = dialled as FdSocket
  })
  afterEach(async () => {
    restoreClock()
    source.close()
    peer.socket.destroy()
    await peer.closed
    expect(await rig.finish()).toEqual([])
  })

  /** The receive buffer (`rb`) of our end. */
  const receiveBuffer = async (): Promise<number> => {
    const { localPort, remotePort } = peer.socket
    const { stdout } = await run('ss', ['-Htmn', `sport = :${remotePort} and dport = :${localPort}`])
    return Number(/skmem:\(.*?rb(\d+)/.exec(stdout)?.[1])
  }

  test('widens for a source that is steady at once', async () => {
    lowWater.flowed(source, STEADY_BYTES)
    expect(lowWater.isMarked(source)).toBe(true)
    expect(await receiveBuffer()).toBeGreaterThan(WIDE_BYTES)
  })

  test('stays as the kernel has it for a source that takes its time, such as that of a slow sink', async () => {
    lowWater.flowed(source, STEADY_BYTES / 2)
    advanceClock(1000)
    lowWater.flowed(source, STEADY_BYTES / 2)
    expect(lowWater.isMarked(source)).toBe(true)
    expect(await receiveBuffer()).toBeLessThan(WIDE_BYTES)
  })

  test('stays as the kernel has it for a source that is far away', async () => {
    vi.spyOn(source, 'roundTripMicros').mockReturnValue(20_000)
    lowWater.flowed(source, STEADY_BYTES)
    expect(await receiveBuffer()).toBeLessThan(WIDE_BYTES)
  })

  test('is measured from the first byte after a pause, not from the first ever', async () => {
    lowWater.flowed(source, 1)
    lowWater.paused(source)
    advanceClock(1000)
    lowWater.flowed(source, STEADY_BYTES)
    expect(await receiveBuffer()).toBeGreaterThan(WIDE_BYTES)
  })
})

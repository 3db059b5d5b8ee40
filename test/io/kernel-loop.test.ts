/** The loop's bookkeeping: an event finds whom it is meant for, or nobody. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEngine, kernelLoop } from '../../src/io/choose-engine.js'
import type { FdSocket } from '../../src/io/fd-socket.js'
import { KernelLoop, type Watched } from '../../src/io/kernel-loop.js'
import { READABLE } from '../../src/io/socket.js'
import { Rig } from '../support/rig.js'
import { turns, until } from '../support/wait.js'

const loop = kernelLoop()
if (!(loop instanceof KernelLoop)) console.log(`not tested with the kernel loop: ${loop}`)

describe.runIf(loop instanceof KernelLoop)('the kernel loop', () => {
  const { native } = loop as KernelLoop
  let rig: Rig
  beforeEach(() => {
    rig = new Rig({ name: 'auto', splice: 'auto', noticesResetsOfUnread: true, createEngine })
  })
  afterEach(async () => {
    expect(await rig.finish()).toEqual([])
  })

  function watcher(fd: number): Watched & { heard: number } {
    return {
      fd,
      slot: -1,
      generation: 0,
      heard: 0,
      notify(readiness: number): void {
        this.heard |= readiness
      },
    }
  }

  test('an event of somebody forgotten does not reach who has the slot now', async () => {
    const [peer, socket] = await rig.dial()
    const [otherPeer, other] = await rig.dial()
    const { fd } = socket as FdSocket
    const { fd: otherFd } = other as FdSocket
    const own = loop as KernelLoop
    for (const each of [socket, other] as FdSocket[]) {
      native.unwatch(each.fd)
      own.forget(each)
    }
    const first = watcher(fd)
    expect(own.watch(first, false)).toBe(0)
    await turns(5)
    first.heard = 0
    own.forget(first)
    const second = watcher(otherFd)
    expect(own.watch(second, false)).toBe(0)
    expect(second.slot).toBe(first.slot)
    await turns(5)
    second.heard = 0

    peer.send(Buffer.from('for nobody'))
    await turns(50)
    expect([first.heard, second.heard]).toEqual([0, 0])
    otherPeer.send(Buffer.from('for the second'))
    await until(() => (second.heard & READABLE) !== 0)

    own.forget(second)
    native.close(fd)
    native.close(otherFd)
    peer.socket.destroy()
    otherPeer.socket.destroy()
    await Promise.all([peer.closed, otherPeer.closed])
  })

  test('gives idle kernel pipes back in time, also where nobody listens', () => {
    expect([...createEngine().sweep.members()]).toContain(loop)
  })

  test('closes only what is its own', () => {
    expect(native.close(0)).toBeLessThan(0)
    expect(native.close(123_456)).toBeLessThan(0)
    expect(native.close(-1)).toBeLessThan(0)
  })

  test('answers nonsense with an errno', () => {
    expect(native.listen('not an address', 1, 1, false)).toBeLessThan(0)
    expect(native.connect('x'.repeat(300), -1)).toBeLessThan(0)
    expect(native.accept(-1)).toBeLessThan(0)
    expect(native.adopt(-1)).toBeLessThan(0)
    expect(native.watch(-1, 0, 0, false)).toBeLessThan(0)
    expect(native.shutdown(-1)).toBeLessThan(0)
    expect(native.unacknowledged(-1)).toBeLessThan(0)
    expect(native.roundTripMicros(-1)).toBeLessThan(0)
  })
})

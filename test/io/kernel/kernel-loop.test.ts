/** The kernel loop gives each event to the object it belongs to. If that object is gone, it drops the event. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createEngine, kernelLoop } from '../../../src/io/choose-engine.js'
import type { FdSocket } from '../../../src/io/kernel/fd-socket.js'
import { KernelLoop, type Watched } from '../../../src/io/kernel/kernel-loop.js'
import { NO_SOCKET } from '../../../src/io/kernel/native-constants.js'
import { READABLE } from '../../../src/io/socket.js'
import { Rig } from '../../support/rig.js'
import { turns, until } from '../../support/wait.js'

const loop = kernelLoop()
if (!(loop instanceof KernelLoop)) console.log(`not tested with the kernel loop: ${loop}`)

describe.runIf(loop instanceof KernelLoop)('the kernel loop', () => {
  const own = loop as KernelLoop
  const { native } = own
  let rig: Rig
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
    expect(await rig.finish()).toEqual([])
  })

  function watcher(fd: number): Watched & { heard: number } {
    return {
      fd,
      generation: own.nextGeneration(),
      heard: 0,
      notify(readiness: number): void {
        this.heard |= readiness
      },
      carried(): void {},
    }
  }

  // This test must be the first: an earlier event would already have set the timer.
  test('the kernel loop frees idle kernel pipes 5 s after an event, even without a listener', async () => {
    const trim = vi.spyOn(native, 'trimPipes')
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const [peer, socket] = await rig.dial()
    vi.advanceTimersByTime(4999)
    expect(trim.mock.calls).toEqual([])
    vi.advanceTimersByTime(1)
    vi.useRealTimers()
    expect(trim.mock.calls).toEqual([[16]])
    trim.mockRestore()
    socket.reset()
    await peer.closed
  })

  test('an event for the earlier holder of an fd does not reach the present holder', async () => {
    const [peer, socket] = await rig.dial()
    const { fd } = socket as FdSocket
    native.unwatch(fd)
    own.forget(socket as FdSocket)
    const first = watcher(fd)
    expect(own.watch(first, false)).toBe(0)
    own.forget(first)
    const second = watcher(fd)
    own.attach(second)
    peer.send(Buffer.from('for nobody'))
    await turns(50)
    expect([first.heard, second.heard]).toEqual([0, 0])

    native.unwatch(fd)
    expect(own.watch(second, false)).toBe(0)
    await until(() => (second.heard & READABLE) !== 0)
    own.forget(second)
    native.close(fd)
    peer.socket.destroy()
    await peer.closed
  })

  test('a copy offload that was set up for another holder of the fd copies nothing', async () => {
    const [peer, socket] = await rig.dial()
    const [sinkPeer, sink] = await rig.dial()
    const source = socket as FdSocket
    const carried = vi.spyOn(source, 'carried')
    own.offloadCopy({ ...watcher(source.fd) }, (sink as FdSocket).fd, 0)
    peer.send(Buffer.from('stays where it is'))
    await until(() => (source.ready & READABLE) !== 0)
    expect(carried).not.toHaveBeenCalled()
    expect(sinkPeer.receivedBytes).toBe(0)
    for (const each of [socket, sink]) each.close()
    for (const each of [peer, sinkPeer]) each.socket.destroy()
    await Promise.all([peer.closed, sinkPeer.closed])
  })

  test('the addon refuses to close an fd that is not its own', () => {
    expect(native.close(0)).toBeLessThan(0)
    expect(native.close(123_456)).toBeLessThan(0)
    expect(native.close(-1)).toBeLessThan(0)
  })

  test('the addon answers invalid arguments with an errno', () => {
    expect(native.listen('not an address', 1, 1, false, false, 0, 0, 0, 0, NO_SOCKET)).toBeLessThan(0)
    expect(native.connect('x'.repeat(300), -1, 1, NO_SOCKET)).toBeLessThan(0)
    expect(native.accept(-1, 1)).toBeLessThan(0)
    expect(native.adopt(-1)).toBeLessThan(0)
    expect(native.watch(-1, 0, false)).toBeLessThan(0)
    expect(native.shutdown(-1)).toBeLessThan(0)
    expect(native.unacknowledged(-1)).toBeLessThan(0)
    expect(native.tcpInfo(-1)).toBeLessThan(0)
  })
})

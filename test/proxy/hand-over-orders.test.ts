/** Orders about a connection that is on its way to another process: it gets them in exactly one of the two. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Control } from '../../src/control/control.js'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { MessageListener, type MessageSocket } from '../../src/io/kernel/message-socket.js'
import { takenOf } from '../../src/proxy/hand-over/messages.js'
import { ProxyControl } from '../../src/proxy/proxy-control.js'
import type { RunningProxy } from '../../src/proxy/running-proxy.js'
import { temporaryFolder } from '../support/folder.js'
import { HandOverRig } from './hand-over-rig.js'

const folder = temporaryFolder()
const loop = kernelLoop()
const surroundings = {
  load: () => {
    throw new Error('nothing is loaded')
  },
  reopenLogs: async () => {},
  ended: () => {},
}

describe.runIf(loop instanceof KernelLoop)('an order about a connection that is on its way', () => {
  const own = loop as KernelLoop
  let rig: HandOverRig
  let listener: MessageListener | undefined
  beforeEach(async () => {
    rig = await HandOverRig.begin(folder)
  })
  afterEach(async () => {
    listener?.close()
    await rig.end()
  })

  const idOf = (proxy: RunningProxy): string => proxy.ids.tell(proxy.connections()[0]!)

  /** Offers the connections of the proxy. `act` runs when they are on offer. Then the other process takes them, or not. */
  async function offer(
    proxy: RunningProxy,
    isTaken: boolean,
    act: (control: Control) => void,
  ): Promise<void> {
    const path = join(folder, 'played')
    const accepted = (socket: MessageSocket): void => {
      const message = (_: Buffer, fds: readonly number[]): void => {
        act(new ProxyControl(proxy, surroundings))
        for (const fd of fds) own.native.close(fd)
        socket.send(takenOf([isTaken]))
      }
      socket.handler = { message, closed: () => {} }
      socket.notify()
    }
    listener = MessageListener.listen(own, path, accepted) as MessageListener
    await proxy.handOver.give([path])
  }

  for (const [what, ask] of [
    ['kill', (control: Control) => control.kill({})],
    ['ban --end', (control: Control) => control.ban({ client: '127.0.0.1', forMs: 60_000, end: true })],
  ] as const) {
    test(`${what} ends the connection here if the other process does not take it`, async () => {
      const proxy = await rig.proxy()
      const { client } = await rig.join(proxy)
      let answer: Promise<{ killed?: number | undefined }> | undefined
      await offer(proxy, false, (control) => {
        answer = ask(control)
      })
      expect(await answer).toMatchObject({ killed: 1 })
      expect(await client.ended).toBe('ECONNRESET')
    })

    test(`${what} does not count the connection here if the other process takes it`, async () => {
      const proxy = await rig.proxy()
      await rig.join(proxy)
      let answer: Promise<{ killed?: number | undefined }> | undefined
      await offer(proxy, true, (control) => {
        answer = ask(control)
      })
      expect(await answer).toMatchObject({ killed: 0 })
      expect(rig.records).toEqual([])
    })
  }

  test('a new rate holds here if the other process does not take the connection', async () => {
    const proxy = await rig.proxy()
    await rig.join(proxy)
    let answer: Promise<unknown> | undefined
    await offer(proxy, false, (control) => {
      answer = control.limit(idOf(proxy), { down: 2000 })
    })
    await answer
    expect(proxy.limiting.bandwidth.orderedFor(proxy.connections()[0]!)).toEqual({ down: 2000 })
  })

  test('a new rate is refused as unknown here if the other process takes the connection, and so can be ordered there', async () => {
    const proxy = await rig.proxy()
    await rig.join(proxy)
    let code: Promise<unknown> | undefined
    await offer(proxy, true, (control) => {
      code = control.limit(idOf(proxy), { down: 2000 }).catch((error) => error.code)
    })
    expect(await code).toBe('unknown-name')
  })
})

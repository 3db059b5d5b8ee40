/** What fails in a hand-over loses no connection: each belongs to exactly one proxy, and goes on there. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { MessageListener, MessageSocket } from '../../src/io/kernel/message-socket.js'
import { takenOf } from '../../src/proxy/hand-over/messages.js'
import type { RunningProxy } from '../../src/proxy/running-proxy.js'
import { openedSince, openFds } from '../support/fds.js'
import { temporaryFolder } from '../support/folder.js'
import type { Peer } from '../support/peer.js'
import { trimPipes } from '../support/rig.js'
import { turns } from '../support/wait.js'
import { HandOverRig } from './hand-over-rig.js'

const folder = temporaryFolder()
const loop = kernelLoop()

describe.runIf(loop instanceof KernelLoop)('a hand-over that fails', () => {
  const own = loop as KernelLoop
  let rig: HandOverRig
  let before: readonly string[]
  let listener: MessageListener | undefined
  beforeEach(async () => {
    before = openFds()
    rig = await HandOverRig.begin(folder)
  })
  afterEach(async () => {
    listener?.close()
    listener = undefined
    await rig.end()
    trimPipes()
    expect(openedSince(before)).toEqual([])
  })

  const active = (proxy: RunningProxy): number => proxy.status().connections.active

  /** Plays a process that takes connections. Returns its path. */
  function taker(heard: (socket: MessageSocket, bytes: Buffer, fds: readonly number[]) => void): string {
    const path = join(folder, 'played')
    const accepted = (socket: MessageSocket): void => {
      socket.handler = { message: (bytes, fds) => heard(socket, bytes, fds), closed: () => {} }
      socket.notify()
    }
    const listening = MessageListener.listen(own, path, accepted)
    if (typeof listening === 'string') throw new Error(listening)
    listener = listening
    return path
  }

  async function goesOn({ client, backend }: { client: Peer; backend: Peer }): Promise<void> {
    client.send(Buffer.from('more'))
    backend.send(Buffer.from('back'))
    await Promise.all([backend.receive(backend.receivedBytes + 1), client.receive(4)])
  }

  const closeAll = (fds: readonly number[]): void => {
    for (const fd of fds) own.native.close(fd)
  }

  test('if nobody takes connections, they go on', async () => {
    const proxy = await rig.proxy()
    const joined = await rig.join(proxy)
    expect(await proxy.handOver.give([join(folder, 'nobody')])).toBe(0)
    await goesOn(joined)
  })

  test('if the kernel does not take a message at first, it is sent again', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    const joined = [await rig.join(a), await rig.join(a)]
    const send = vi.spyOn(MessageSocket.prototype, 'send').mockReturnValueOnce('errno 109')
    expect(await rig.give(a, b)).toBe(2)
    send.mockRestore()
    for (const each of joined) await goesOn(each)
    expect([active(a), active(b)]).toEqual([0, 2])
  })

  test('if the other process ends instead of an answer, connections go on', async () => {
    const proxy = await rig.proxy()
    const joined = await rig.join(proxy)
    const path = taker((socket, _bytes, fds) => {
      closeAll(fds)
      socket.close()
    })
    expect(await proxy.handOver.give([path])).toBe(0)
    await goesOn(joined)
    expect(active(proxy)).toBe(1)
  })

  test('if the answer is not an answer, connections go on', async () => {
    const proxy = await rig.proxy()
    const joined = await rig.join(proxy)
    const path = taker((socket, _bytes, fds) => {
      closeAll(fds)
      socket.send(Buffer.from('{"kind":"taken"'))
    })
    expect(await proxy.handOver.give([path])).toBe(0)
    await goesOn(joined)
  })

  describe('with an answer that takes too long', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    })
    afterEach(() => {
      vi.useRealTimers()
    })

    test('connections go on after 2 s, and the kernel refuses an answer after that', async () => {
      const proxy = await rig.proxy()
      const joined = await rig.join(proxy)
      let late = ''
      const path = taker((socket, _bytes, fds) => {
        vi.advanceTimersByTime(2000)
        late = socket.send(takenOf([true]))
        closeAll(fds)
      })
      expect(await proxy.handOver.give([path])).toBe(0)
      expect([late, active(proxy)]).toEqual(['EPIPE', 1])
      vi.useRealTimers()
      await goesOn(joined)
    })

    test('a process that has not answered is not tried again at once', async () => {
      const proxy = await rig.proxy()
      const joined = await rig.join(proxy)
      let offers = 0
      const path = taker((_, _bytes, fds) => {
        offers += 1
        closeAll(fds)
        vi.advanceTimersByTime(2000)
      })
      for (let times = 0; times < 3; times++) expect(await proxy.handOver.give([path])).toBe(0)
      expect(offers).toBe(1)
      vi.useRealTimers()
      await goesOn(joined)
    })

    test('an answer that came before the end of the 2 s counts: the other process owns the connection', async () => {
      const proxy = await rig.proxy()
      const { client, backend } = await rig.join(proxy)
      const held: number[] = []
      const path = taker((socket, _bytes, fds) => {
        held.push(...fds)
        socket.send(takenOf([true]))
        vi.advanceTimersByTime(2000)
      })
      expect(await proxy.handOver.give([path])).toBe(1)
      expect(active(proxy)).toBe(0)
      vi.useRealTimers()
      closeAll(held)
      expect(await Promise.all([client.ended, backend.ended])).toEqual(['fin', 'fin'])
    })
  })

  test('a connection that the other process has refused three times is not offered again', async () => {
    const proxy = await rig.proxy()
    const joined = await rig.join(proxy)
    let offers = 0
    const path = taker((socket, _bytes, fds) => {
      offers += 1
      closeAll(fds)
      socket.send(takenOf([false]))
    })
    for (let times = 0; times < 5; times++) expect(await proxy.handOver.give([path])).toBe(0)
    expect(offers).toBe(3)
    await goesOn(joined)
  })

  test('an order to end a frozen connection is carried out when it goes on', async () => {
    const proxy = await rig.proxy()
    const { client } = await rig.join(proxy)
    const path = taker((socket, _bytes, fds) => {
      proxy.connections()[0]!.end('killed')
      closeAll(fds)
      socket.close()
    })
    await proxy.handOver.give([path])
    expect(await client.ended).toBe('ECONNRESET')
    expect(rig.records).toMatchObject([{ ended: { cause: 'killed' } }])
  })

  for (const [what, bytes] of [
    ['no JSON', 'batch'],
    ['an unknown message', '{"kind":"more"}'],
    ['connections that are none', '{"kind":"batch","connections":[{"id":1}]}'],
    ['too many fds', '{"kind":"batch","connections":[]}'],
  ] as const) {
    test(`a process that is sent ${what} closes the fds and takes nothing`, async () => {
      const proxy = await rig.proxy()
      const joined = await rig.join(proxy)
      const socket = MessageSocket.connect(own, rig.pathOf(proxy)) as MessageSocket
      let answer = ''
      const message = (told: Buffer): void => {
        answer = told.toString()
      }
      socket.handler = { message, closed: () => {} }
      const count = own.native.count().descriptors
      socket.send(Buffer.from(bytes), [socket.fd])
      while (answer === '') await turns(1)
      expect(answer).toBe('{"kind":"taken","taken":[]}')
      expect(own.native.count().descriptors).toBe(count + 1)
      socket.close()
      await goesOn(joined)
    })
  }

  test('if the giver ends before the answer, the taker touches nothing', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    const joined = await rig.join(a)
    // It gives the connection to a process that passes the batch on, and is gone at once.
    const path = taker((socket, bytes, fds) => {
      const second = MessageSocket.connect(own, rig.pathOf(b)) as MessageSocket
      second.send(bytes, fds)
      second.close()
      closeAll(fds)
      socket.close()
    })
    expect(await a.handOver.give([path])).toBe(0)
    await goesOn(joined)
    expect([active(a), active(b)]).toEqual([1, 0])
  })
})

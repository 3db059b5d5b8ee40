/**
 * Muting relies on two facts. epoll_ctl(EPOLL_CTL_MOD) reports what is there, so no byte that came while a socket
 * was muted is missed. And an end is an event at any time.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import type { FdSocket } from '../../src/io/kernel/fd-socket.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { PEER_ENDED, READABLE, WRITABLE } from '../../src/io/socket.js'
import { pattern } from '../support/bytes.js'
import { carriages } from '../support/carriages.js'
import type { Peer } from '../support/peer.js'
import { Rig } from '../support/rig.js'
import { turns, until } from '../support/wait.js'

describe.runIf(kernelLoop() instanceof KernelLoop).each(['IPv4', 'unix'] as const)(
  'the epoll of muted sockets (%s)',
  (family) => {
    let rig: Rig
    let peer: Peer
    let socket: FdSocket
    /** The events of `socket`, in order. */
    let events: number[]
    beforeEach(async () => {
      rig = new Rig(carriages()[0]!, family)
      const end = await rig.accept()
      peer = end[0]
      socket = end[1] as FdSocket
      await until(() => (socket.ready & WRITABLE) !== 0)
      events = []
      socket.notify = (readiness) => events.push(readiness)
    })
    afterEach(async () => {
      socket.close()
      peer.socket.destroy()
      await peer.closed
      expect(await rig.finish()).toEqual([])
    })

    const mute = (isMute: boolean): number => socket.loop.native.mute(socket.fd, socket.generation, isMute)

    /** All events that have come. epoll reports bytes that are there within a turn. */
    async function due(): Promise<number> {
      await turns(20)
      return events.splice(0).reduce((all, readiness) => all | readiness, 0)
    }

    test('epoll reports bytes that came while a socket was muted at the unmute, and only once', async () => {
      expect(mute(true)).toBe(0)
      await due()
      peer.send(pattern(7, 1))
      await until(() => socket.peek(2).length === 1)
      expect(await due()).toBe(0)
      expect(mute(false)).toBe(0)
      expect((await due()) & READABLE).toBe(READABLE)
      expect(await due()).toBe(0)
    })

    test('epoll reports unread bytes again at the unmute, although it had reported them before', async () => {
      peer.send(pattern(7, 1))
      await until(() => events.length > 0)
      expect((await due()) & READABLE).toBe(READABLE)
      mute(true)
      expect((await due()) & READABLE).toBe(0)
      mute(false)
      expect((await due()) & READABLE).toBe(READABLE)
    })

    test('epoll reports no bytes at the unmute of an empty socket', async () => {
      mute(true)
      mute(false)
      expect((await due()) & READABLE).toBe(0)
    })

    test('epoll reports bytes that come after the unmute', async () => {
      mute(true)
      mute(false)
      await due()
      peer.send(pattern(7, 1))
      await until(() => events.length > 0)
      expect((await due()) & READABLE).toBe(READABLE)
    })

    test('epoll reports an end while a socket is muted, and again at the unmute', async () => {
      mute(true)
      await due()
      peer.end()
      await until(() => events.length > 0)
      expect((await due()) & PEER_ENDED).toBe(PEER_ENDED)
      mute(false)
      expect((await due()) & PEER_ENDED).toBe(PEER_ENDED)
    })
  },
)

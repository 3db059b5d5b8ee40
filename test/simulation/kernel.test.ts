/**
 * The simulated kernel does what the real one was seen to do (docs/splice.md, test/pipe/splice-facts.test.ts). The
 * stories rely on it.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { advanceClock, restoreClock, stopClock } from '../support/clock.js'
import * as e from './kernel/errnos.js'
import { Kernel, type OpenPipe } from './kernel/kernel.js'
import type { KernelPipe } from './kernel/kernel-pipe.js'
import type { FarEnd } from './kernel/machine.js'
import { UNIX_PORT } from './kernel/unix-socket.js'
import { Random } from './random.js'

const LISTENER = { host: '10.9.9.9', port: 1 }
const EVERYTHING = e.EPOLLIN | e.EPOLLPRI | e.EPOLLOUT | e.EPOLLRDHUP
const MUTED = e.EPOLLOUT | e.EPOLLRDHUP
const MIB = 1 << 20

let kernel: Kernel
let far: FarEnd
let fd: number
beforeEach(() => {
  const buffers = { sendBytes: 64 * 1024, receiveBytes: 64 * 1024 }
  kernel = new Kernel(new Random(1), { buffers, quotaPages: 0, spliceErrno: 0 })
  kernel.isRestless = false
  const listener = kernel.listen(LISTENER.host, LISTENER.port, 1)
  far = kernel.connectFrom({ host: '10.0.0.1', port: 2 }, LISTENER)!
  fd = kernel.accept(listener)[0]
  kernel.watch(fd, EVERYTHING, 1, true)
  kernel.wait(1)
})

const pipe = (): KernelPipe => (kernel.pipe() as OpenPipe).pipe

function say(text: string): void {
  far.outbound.send(Buffer.from(text))
  kernel.network.bringAll()
}

function hear(): string | number {
  const into = Buffer.alloc(100)
  const came = kernel.receive(fd, into, false)
  return came > 0 ? into.toString('latin1', 0, came) : came
}

const masks = (): number[] => kernel.wait(8).map(({ mask }) => mask)

describe('a paced socket of the simulated kernel', () => {
  afterEach(restoreClock)

  test('a paced socket sends its rate and one segment more, in any time', () => {
    stopClock()
    expect(kernel.setPacing(fd, 1_000_000)).toBe(0)
    let arrived = 0
    for (let ms = 1; ms <= 1000; ms++) {
      kernel.send(fd, Buffer.alloc(64 * 1024))
      kernel.network.bringAll()
      arrived += far.inbound.receive(MIB).length
      expect(arrived).toBeLessThanOrEqual(1000 * (ms - 1) + 2 * 1448)
      advanceClock(1)
    }
    expect(arrived).toBeGreaterThan(990_000)
  })

  test('a paced socket sends everything at once after its limit is taken off', () => {
    stopClock()
    kernel.setPacing(fd, 1000)
    kernel.send(fd, Buffer.alloc(10_000))
    kernel.network.bringAll()
    kernel.setPacing(fd, -1)
    kernel.network.bringAll()
    expect(far.inbound.receive(MIB)).toHaveLength(10_000)
  })
})

describe('the simulated kernel', () => {
  test('a splice gets EAGAIN from an empty socket and for a full kernel pipe', () => {
    const full = pipe()
    expect(kernel.spliceIn(fd, full, MIB)).toBe(-e.EAGAIN)
    const answers = Array.from({ length: 17 }, () => {
      say('x')
      return kernel.spliceIn(fd, full, MIB)
    })
    expect(answers).toEqual([...Array(16).fill(1), -e.EAGAIN])
    expect(full.bytes).toBe(16)
  })

  test('the simulated kernel reports an end behind the last byte, at every call', () => {
    far.outbound.send(Buffer.from('ab'))
    far.outbound.end()
    kernel.network.bringAll()
    const taken = pipe()
    expect([1, 2, 3].map(() => kernel.spliceIn(fd, taken, MIB))).toEqual([2, 0, 0])
  })

  test('the simulated kernel reports a reset once, behind the bytes that had arrived', () => {
    say('ab')
    far.outbound.reset(0)
    kernel.network.bringAll()
    expect([hear(), hear(), hear()]).toEqual(['ab', -e.ECONNRESET, 0])
    expect(kernel.send(fd, Buffer.from('x'))).toBe(-e.EPIPE)
  })

  test('an urgent byte stops every further splice, but not a read', () => {
    say('ab')
    far.outbound.sendUrgent()
    say('cd')
    const taken = pipe()
    expect([1, 2, 3].map(() => kernel.spliceIn(fd, taken, MIB))).toEqual([2, -e.EAGAIN, -e.EAGAIN])
    expect(masks()).toEqual([e.EPOLLIN | e.EPOLLPRI | e.EPOLLOUT])
    expect(hear()).toBe('cd')
  })

  test('the simulated epoll reports an edge once, with all bits that are true by then', () => {
    say('a')
    far.outbound.end()
    kernel.network.bringAll()
    expect(masks()).toEqual([e.EPOLLIN | e.EPOLLOUT | e.EPOLLRDHUP])
    expect(masks()).toEqual([])
  })

  test('the simulated epoll reports bytes that came unwatched only when they are watched again', () => {
    kernel.changeWatch(fd, MUTED, 1, false)
    masks()
    say('a')
    expect(masks()).toEqual([])
    kernel.changeWatch(fd, EVERYTHING, 1, false)
    expect(masks()).toEqual([e.EPOLLIN | e.EPOLLOUT])
  })

  test('a full TCP socket reports room when a third of its buffer is free', () => {
    expect(kernel.send(fd, Buffer.alloc(MIB))).toBe(64 * 1024)
    expect(kernel.send(fd, Buffer.alloc(1))).toBe(-e.EAGAIN)
    masks()
    far.inbound.arrive(1000)
    expect(masks()).toEqual([])
    far.inbound.arrive(30_000)
    expect(masks()).toEqual([e.EPOLLOUT])
  })

  test('the simulated kernel resets a peer that sends to a closed connection', () => {
    kernel.close(fd, false)
    say('late')
    expect(far.inbound.isResetArrived).toBe(true)
  })

  describe('on a unix socket', () => {
    const PATH = { host: '/simulated', port: UNIX_PORT }
    beforeEach(() => {
      const listener = kernel.listen(PATH.host, PATH.port, 1)
      far = kernel.connectFrom({ host: '10.0.0.1', port: 2 }, PATH)!
      fd = kernel.accept(listener)[0]
      kernel.watch(fd, EVERYTHING, 1, true)
      kernel.wait(1)
    })

    test('a unix socket reports bytes at once, whatever its low-water mark', () => {
      kernel.setLowWater(fd, 100)
      far.outbound.send(Buffer.from('ab'))
      expect(masks()).toEqual([e.EPOLLIN | e.EPOLLOUT])
      expect([hear(), hear()]).toEqual(['ab', -e.EAGAIN])
    })

    test('a full unix socket reports room when three quarters of its buffer are free', () => {
      expect([kernel.send(fd, Buffer.alloc(MIB)), kernel.send(fd, Buffer.alloc(1))]).toEqual([
        64 * 1024,
        -e.EAGAIN,
      ])
      far.inbound.receive(40_000)
      expect(masks()).toEqual([])
      far.inbound.receive(10_000)
      expect(masks()).toEqual([e.EPOLLOUT])
    })

    test('a unix socket whose other side closes has ended both ways, behind the bytes that had come', () => {
      far.outbound.send(Buffer.from('ab'))
      far.hangUp!(false)
      expect(masks()).toEqual([e.EPOLLIN | e.EPOLLOUT | e.EPOLLHUP | e.EPOLLRDHUP])
      expect([hear(), hear(), kernel.send(fd, Buffer.from('x'))]).toEqual(['ab', 0, -e.EPIPE])
    })

    test('a unix socket reports a reset once if the other side closes with bytes unread', () => {
      far.hangUp!(true)
      expect(kernel.send(fd, Buffer.from('x'))).toBe(-e.EPIPE)
      expect([hear(), hear()]).toEqual([-e.ECONNRESET, 0])
    })

    test('a unix socket that is closed with a reset only ends', () => {
      const told: string[] = []
      far.inbound.receiver = {
        came: () => {},
        ended: () => void told.push('end'),
        wasReset: () => void told.push('reset'),
      }
      kernel.close(fd, true)
      expect(told).toEqual(['end'])
    })
  })
})

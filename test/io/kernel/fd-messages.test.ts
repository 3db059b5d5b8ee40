/**
 * Messages with fds between two sockets of one process: of the real addon, and of the simulated one, which must answer alike.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kernelLoop } from '../../../src/io/choose-engine.js'
import { KernelLoop } from '../../../src/io/kernel/kernel-loop.js'
import type { Native } from '../../../src/io/kernel/native.js'
import * as native from '../../../src/io/kernel/native-constants.js'
import { SimulatedAddon } from '../../simulation/addon/addon.js'
import { NO_FAULTS } from '../../simulation/faults.js'
import { Kernel } from '../../simulation/kernel/kernel.js'
import { Random } from '../../simulation/random.js'
import { openedSince, openFds } from '../../support/fds.js'
import { temporaryFolder } from '../../support/folder.js'

const folder = temporaryFolder()
const loop = kernelLoop()
const EMSGSIZE = -90
const EPIPE = -32
const EAGAIN = -11
const EINVAL = -22
const EBADF = -9

interface Ends {
  readonly addon: Native
  readonly outcome: Int32Array
  readonly scratch: Buffer
  readonly a: number
  readonly b: number
  /** Two connected sockets of the addon, over which bytes go from the first to the second. */
  pair(): readonly [from: number, to: number]
}

const fds = new Int32Array(native.MOST_FDS_PER_MESSAGE)
let sockets = 0
let opened: number[]

/** Both ends of a connection over which the addon sends messages. */
function endsOf(addon: Native, outcome: Int32Array, scratch: Buffer): Ends {
  const connect = (): [number, number] => {
    const path = join(folder, `messages-${++sockets}`)
    const listener = addon.listenForMessages(path)
    const one = addon.connectForMessages(path, 1_000_000 + sockets)
    const other = addon.accept(listener, 2_000_000 + sockets)
    addon.close(listener)
    opened.push(one, other)
    return [one, other]
  }
  const [a, b] = connect()
  return { addon, outcome, scratch, a, b, pair: connect }
}

function realEnds(): Ends {
  const { native: addon, outcome, scratch } = loop as KernelLoop
  return endsOf(addon, outcome, scratch)
}

function simulatedEnds(): Ends {
  const buffers = { sendBytes: 65_536, receiveBytes: 65_536 }
  const kernel = new Kernel(new Random(1), { buffers, quotaPages: 0, spliceErrno: 0 })
  const addon = new SimulatedAddon(kernel, NO_FAULTS)
  const outcome = new Int32Array(16)
  const scratch = Buffer.alloc(65_536)
  const cells = new Int32Array(64)
  addon.start(() => {}, new Int32Array(64), outcome, scratch, cells, cells)
  return endsOf(addon, outcome, scratch)
}

const KINDS = [
  ['the real addon', loop instanceof KernelLoop, realEnds],
  ['the simulated addon', true, simulatedEnds],
] as const

for (const [kind, isHere, create] of KINDS) {
  describe.runIf(isHere)(kind, () => {
    let ends: Ends
    let before: readonly string[]
    beforeEach(() => {
      before = openFds()
      opened = []
      ends = create()
    })
    afterEach(() => {
      for (const fd of opened) ends.addon.close(fd)
      expect(openedSince(before)).toEqual([])
    })

    const send = (text: string, ...sent: number[]): number => {
      fds.set(sent)
      return ends.addon.sendFds(ends.a, Buffer.from(text), fds, sent.length)
    }
    const receive = (): { bytes: number | string; fds: number[] } => {
      const bytes = ends.addon.receiveFds(ends.b, fds)
      const came = [...fds.subarray(0, Math.max(0, ends.outcome[native.MESSAGE_FDS]!))]
      return { bytes: bytes > 0 ? ends.scratch.toString('utf8', 0, bytes) : bytes, fds: came }
    }

    test(`${kind} delivers messages whole and in order`, () => {
      expect([send('first'), send('second')]).toEqual([5, 6])
      expect([receive().bytes, receive().bytes, receive().bytes]).toEqual(['first', 'second', EAGAIN])
    })

    test(`a fd that ${kind} has received means the same connection, and outlives the fd that was sent`, () => {
      const [from, to] = ends.pair()
      send('take it', to)
      ends.addon.unwatch(to)
      ends.addon.close(to)
      const [received] = receive().fds
      opened.push(received!)
      ends.addon.sendFds(from, Buffer.from('hello'), fds, 0)
      ends.addon.receiveFds(received!, fds)
      expect(ends.scratch.toString('utf8', 0, 5)).toBe('hello')
    })

    test(`${kind} refuses to send after the other side has shut down, and what came before can be read`, () => {
      send('in time')
      ends.addon.endMessages(ends.b)
      expect([send('too late'), receive().bytes]).toEqual([EPIPE, 'in time'])
    })

    test(`${kind} says that the other side is gone once nothing is left to receive`, () => {
      send('last')
      ends.addon.close(ends.a)
      expect([receive().bytes, receive().bytes]).toEqual(['last', 0])
    })

    test(`${kind} closes the fds of a message that nobody receives`, () => {
      const [from, to] = ends.pair()
      send('for nobody', to)
      ends.addon.unwatch(to)
      ends.addon.close(to)
      ends.addon.close(ends.b)
      expect(ends.addon.sendFds(from, Buffer.from('x'), fds, 0)).toBe(EPIPE)
    })

    test(`${kind} closes all fds of a message with more fds than there is room for`, () => {
      const [, to] = ends.pair()
      send('two', to, to)
      const count = ends.addon.count().descriptors
      expect(ends.addon.receiveFds(ends.b, new Int32Array(1))).toBe(EMSGSIZE)
      expect(ends.addon.count().descriptors).toBe(count)
    })

    test(`${kind} shows no pipe that is not leased, and adopts no fds that are no pipe`, () => {
      expect(ends.addon.showPipe(77)).toBe(EBADF)
      const [from, to] = ends.pair()
      expect(ends.addon.adoptPipe(from, to, 0)).toBe(EINVAL)
      expect(ends.addon.adoptPipe(-1, -1, 0)).toBe(EBADF)
      expect(ends.addon.count()).toMatchObject({ pipesInUse: 0, pinnedBytes: 0 })
    })
  })
}

describe.runIf(loop instanceof KernelLoop)('fds that came in a message', () => {
  test('a fd that came in a message is close-on-exec', () => {
    const before = openFds()
    opened = []
    const { addon, a, b, outcome } = realEnds()
    const file = openSync('/dev/null', 'r')
    fds[0] = file
    addon.sendFds(a, Buffer.from('x'), fds, 1)
    closeSync(file)
    addon.receiveFds(b, fds)
    expect(outcome[native.MESSAGE_FDS]).toBe(1)
    expect(fstatSync(fds[0]).isCharacterDevice()).toBe(true)
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fds[0]}`, 'utf8'))![1]!
    expect(Number.parseInt(flags, 8) & 0o2000000).not.toBe(0)
    for (const fd of [fds[0], ...opened]) addon.close(fd)
    expect(openedSince(before)).toEqual([])
  })
})

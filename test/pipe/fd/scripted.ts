/** A direction between two fds. Its mock addon moves no bytes and gives the answers of a test. */
import { vi } from 'vitest'
import type { FdSocket } from '../../../src/io/kernel/fd-socket.js'
import { NO_KERNEL_PIPE, PIPE } from '../../../src/io/kernel/native-constants.js'
import { READABLE, WRITABLE } from '../../../src/io/socket.js'
import { FdDirection } from '../../../src/pipe/fd/fd-direction.js'
import { hostWith } from '../stuck-socket.js'

/** The findings of a move, and the cells that the move leaves in the outcome. */
export type Answer = readonly [found: number, cells: Readonly<Record<number, number>>]

const SCRATCH = '0123456789'

/** The source has bytes, and the sink takes some. Each call of the addon uses up one of `answers`. */
export function scriptedDirection(splice: 'auto' | 'on' | 'off' = 'auto', head?: Buffer) {
  const answers: Answer[] = []
  const sent: string[] = []
  const outcome = new Int32Array(8)
  const answer = (): number => {
    const [found, cells] = answers.shift()!
    outcome.fill(0)
    outcome[PIPE] = NO_KERNEL_PIPE
    for (const [cell, value] of Object.entries(cells)) outcome[Number(cell)] = value
    return found
  }
  const native = {
    copy: vi.fn((..._: unknown[]) => answer()),
    splice: vi.fn((..._: unknown[]) => answer()),
    send: vi.fn((_: number, bytes: Buffer) => {
      sent.push(bytes.toString())
      return answer()
    }),
    emptyPipe: vi.fn((_: number, into: Buffer) => into.write(SCRATCH)),
    discardPipe: vi.fn(),
  }
  const loop = {
    native,
    outcome,
    scratch: Buffer.from(SCRATCH),
    refusePipes: vi.fn(),
    refuseSplice: vi.fn(),
    offloadCopy: vi.fn(),
    endOffload: vi.fn(),
  }
  const socket = (fd: number, ready: number) =>
    ({ kind: 'fd', fd, loop, ready, error: undefined, notSplicing: undefined }) as unknown as FdSocket
  const host = hostWith({ splice })
  const direction = new FdDirection(socket(3, READABLE | WRITABLE), socket(4, WRITABLE), host, head)
  return { direction, answers, outcome, native, loop, sent, counters: host.counters }
}

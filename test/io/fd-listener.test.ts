/** What a listening fd makes of everything accept(2) may say, told by a native side that says what a test wants. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FdListener } from '../../src/io/fd-listener.js'
import type { KernelLoop } from '../../src/io/kernel-loop.js'

const EAGAIN = -11

let answers: number[]
let listener: FdListener
const accept = vi.fn(() => answers.shift() ?? EAGAIN)
const unwatch = vi.fn()
const handler = { accepted: vi.fn(), paused: vi.fn(), failed: vi.fn() }

beforeEach(() => {
  vi.useFakeTimers()
  vi.clearAllMocks()
  const native = { accept, unwatch, trimPipes: vi.fn(), close: vi.fn(), localAddress: () => -1 }
  const loop = { native, nextGeneration: () => 1, watch: () => 0, forget: vi.fn(), turns: { add: vi.fn() } }
  const address = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const
  listener = new FdListener(loop as unknown as KernelLoop, 9, address, handler)
})
afterEach(() => {
  listener.close()
  vi.useRealTimers()
})

it.each([
  ['EMFILE', -24],
  ['ENOMEM', -12],
  // epoll_ctl(2): max_user_watches.
  ['ENOSPC', -28],
  ['EINVAL', -22],
  ['EPROTONOSUPPORT', -93],
])('pauses after %s, which epoll would report again at once', (errno, answer) => {
  answers = [answer, answer]
  listener.run()
  expect(handler.paused.mock.calls).toEqual([[errno]])
  expect(unwatch).toHaveBeenCalledWith(9)
})

it.each([
  ['ECONNABORTED', -103],
  ['EPERM', -1],
  ['ENONET', -64],
])('goes on after %s, which is of one client, and tells', (errno, answer) => {
  answers = [answer, EAGAIN]
  listener.run()
  expect(handler.failed.mock.calls).toEqual([[errno]])
  expect(accept).toHaveBeenCalledTimes(2)
  expect(handler.paused).not.toHaveBeenCalled()
})

it('says nothing when there is nobody to accept', () => {
  answers = [EAGAIN]
  listener.run()
  expect([handler.failed, handler.paused, handler.accepted].flatMap(({ mock }) => mock.calls)).toEqual([])
})

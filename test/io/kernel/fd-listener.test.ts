/** What a listening fd makes of everything accept(2) may say, told by a native side that says what a test wants. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FdListener } from '../../../src/io/kernel/fd-listener.js'
import type { KernelLoop } from '../../../src/io/kernel/kernel-loop.js'
import { AcceptPauses } from '../../../src/io/listening/accept-pauses.js'

const EAGAIN = -11

let answers: number[]
let listener: FdListener
const accept = vi.fn(() => answers.shift() ?? EAGAIN)
const unwatch = vi.fn()
const watch = vi.fn(() => 0)
const handler = { accepted: vi.fn(), paused: vi.fn(), failed: vi.fn() }

beforeEach(() => {
  vi.useFakeTimers()
  vi.clearAllMocks()
  const native = { accept, unwatch, trimPipes: vi.fn(), close: vi.fn(), localAddress: () => -1 }
  const loop = { native, nextGeneration: () => 1, watch, forget: vi.fn(), runQueue: { add: vi.fn() } }
  const address = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const
  listener = new FdListener(loop as unknown as KernelLoop, 9, address, new AcceptPauses(handler, 1))
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

it('accepts nobody while something else than a shortage keeps it paused, and then the next', () => {
  answers = [-24, -24]
  listener.run()
  listener.pause('admission')
  vi.advanceTimersByTime(100)
  accept.mockClear()
  listener.run()
  expect(accept).not.toHaveBeenCalled()
  listener.resume('admission')
  listener.run()
  expect(accept).toHaveBeenCalledOnce()
})

it('pauses for a shortage again where it cannot be watched after one', () => {
  answers = [-24, -24]
  listener.run()
  watch.mockReturnValueOnce(-28)
  vi.advanceTimersByTime(100)
  expect(handler.paused.mock.calls).toEqual([['EMFILE'], ['ENOSPC']])
  vi.advanceTimersByTime(100)
  listener.run()
  expect(handler.paused).toHaveBeenCalledTimes(2)
})

it('says nothing when there is nobody to accept', () => {
  answers = [EAGAIN]
  listener.run()
  expect([handler.failed, handler.paused, handler.accepted].flatMap(({ mock }) => mock.calls)).toEqual([])
})

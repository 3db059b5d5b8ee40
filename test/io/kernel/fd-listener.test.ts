/** How a listening fd reacts to every answer of accept(2). Each test tells a mock of the addon what to answer. */
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
])('a listener pauses after %s, which epoll would report again at once', (errno, answer) => {
  answers = [answer, answer]
  listener.run()
  expect(handler.paused.mock.calls).toEqual([[errno]])
  expect(unwatch).toHaveBeenCalledWith(9)
})

it.each([
  ['ECONNABORTED', -103],
  ['EPERM', -1],
  ['ENONET', -64],
])('a listener reports %s, an error of one client, and accepts the next client', (errno, answer) => {
  answers = [answer, EAGAIN]
  listener.run()
  expect(handler.failed.mock.calls).toEqual([[errno]])
  expect(accept).toHaveBeenCalledTimes(2)
  expect(handler.paused).not.toHaveBeenCalled()
})

it('a listener that has a second reason to pause accepts again only when both are gone', () => {
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

it('a listener that cannot be watched after a shortage pauses once more', () => {
  answers = [-24, -24]
  listener.run()
  watch.mockReturnValueOnce(-28)
  vi.advanceTimersByTime(100)
  expect(handler.paused.mock.calls).toEqual([['EMFILE'], ['ENOSPC']])
  vi.advanceTimersByTime(100)
  listener.run()
  expect(handler.paused).toHaveBeenCalledTimes(2)
})

it('a listener without waiting clients calls no handler', () => {
  answers = [EAGAIN]
  listener.run()
  expect([handler.failed, handler.paused, handler.accepted].flatMap(({ mock }) => mock.calls)).toEqual([])
})

/** When a pipe runs again, what counts as progress, and what the pipe tells its owner. */
import { expect, test, vi } from 'vitest'
import { WRITABLE } from '../../src/io/socket.js'
import { MUST_WAIT } from '../../src/pipe/carrier.js'
import { carry, stuckPipe } from './stuck-socket.js'

const MIB = 1024 * 1024

test('a pipe that has ended moves nothing in a run that was queued before', () => {
  const { pipe, host } = stuckPipe()
  const move = vi.fn(() => 0)
  carry(pipe.up, move)
  carry(pipe.down, move)
  host.runQueue.add(pipe)
  pipe.end('ordered')
  host.runQueue.drain()
  expect(move).not.toHaveBeenCalled()
})

test.each(['up', 'down'] as const)(
  'a pipe runs again later if one direction (%s) is short of memory',
  (short) => {
    const { pipe, host, pipeEnded } = stuckPipe()
    const later = vi.spyOn(host.runQueue, 'later').mockImplementation(() => {})
    carry(pipe.up, () => 0)
    carry(pipe.down, () => 0)
    carry(pipe[short], () => MUST_WAIT)
    pipe.start()
    expect(later.mock.calls).toEqual([[pipe]])
    expect(pipeEnded).not.toHaveBeenCalled()
  },
)

test('a pipe that always has more to move lets other pipes run after some MiB', () => {
  const { pipe } = stuckPipe()
  let moved = 0
  carry(pipe.up, (flow, budget) => {
    moved += budget
    flow.took(budget)
    flow.gave(budget)
    return budget
  })
  carry(pipe.down, () => 0)
  pipe.start()
  expect(moved).toBeGreaterThan(0)
  expect(moved).toBeLessThan(16 * MIB)
  pipe.end('ordered')
})

test('a pipe that moves a byte in every fiftieth run does not count as stuck', () => {
  const { pipe, client, backend, pipeEnded } = stuckPipe()
  let runs = 0
  backend.ready = WRITABLE
  carry(pipe.down, () => 0)
  carry(pipe.up, (flow) => {
    runs++
    if (runs === 400) client.ready = WRITABLE
    if (runs % 50 !== 0) return 0
    flow.took(1)
    flow.gave(1)
    return 1
  })
  pipe.start()
  expect(runs).toBe(400)
  expect(pipeEnded).not.toHaveBeenCalled()
})

test('a pipe that sends bytes and takes none in does not count as stuck', () => {
  const { pipe, client, backend, pipeEnded } = stuckPipe()
  client.ready = WRITABLE
  backend.ready = WRITABLE
  pipe.up.took(300)
  carry(pipe.down, () => 0)
  carry(pipe.up, (flow) => {
    flow.gave(1)
    return 0
  })
  pipe.start()
  expect(pipe.up).toMatchObject({ inside: 0, bytes: 300 })
  expect(pipeEnded).not.toHaveBeenCalled()
})

test('a pipe with nothing to move waits for an event', () => {
  const { pipe, client, backend } = stuckPipe()
  const move = vi.fn(() => 0)
  carry(pipe.up, move)
  carry(pipe.down, () => 0)
  client.ready = WRITABLE
  backend.ready = WRITABLE
  pipe.start()
  expect(move).toHaveBeenCalledTimes(1)
})

test('a pipe sets the offloads of both directions anew after each run and after each report of an offload', () => {
  const { pipe, client, backend } = stuckPipe()
  const directions = [pipe.up, pipe.down]
  const due = directions.map((direction) => vi.spyOn(direction, 'afterRun'))
  const left = directions.map((direction) => vi.spyOn(direction, 'leave'))
  client.ready = WRITABLE
  backend.ready = WRITABLE
  pipe.run()
  expect(due.map(({ mock }) => mock.calls.length)).toEqual([1, 1])
  pipe.carried(client, 5, 5, 0)
  expect(left.map(({ mock }) => mock.calls.length)).toEqual([1, 1])
})

test('a pipe tells its owner about the first byte of the backend, and about no later byte', () => {
  const { pipe, client, backend, backendAnswered } = stuckPipe()
  pipe.carried(client, 5, 5, 0)
  expect(backendAnswered).not.toHaveBeenCalled()
  pipe.carried(backend, 5, 5, 0)
  pipe.carried(backend, 5, 5, 0)
  expect(backendAnswered).toHaveBeenCalledTimes(1)
})

test.each([
  [0, 60_000],
  [60_000, 0],
])('movedAt of a pipe is the later of two moves, %i ms ago up and %i ms ago down', (up, down) => {
  const { pipe } = stuckPipe()
  vi.spyOn(pipe.up, 'carried').mockReturnValue(up)
  vi.spyOn(pipe.down, 'carried').mockReturnValue(down)
  const before = performance.now()
  expect(pipe.movedAt).toBeGreaterThanOrEqual(before)
})

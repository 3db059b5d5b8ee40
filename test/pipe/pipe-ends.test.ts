/** How a pipe ends: when, with a close or a reset, and which side and cause it tells its owner. */
import { describe, expect, test, vi } from 'vitest'
import { READABLE, WRITABLE } from '../../src/io/socket.js'
import type { PipeSettings } from '../../src/pipe/options.js'
import { carry, stuckPipe } from './stuck-socket.js'

/** A pipe that moves nothing by itself. `runAfter` runs it `ms` after the last run, and returns its ending. */
function quietPipe(settings: Partial<PipeSettings> = {}) {
  const stuck = stuckPipe(settings)
  const { pipe, client, backend, host, pipeEnded } = stuck
  const later = vi.spyOn(host.runQueue, 'later').mockImplementation(() => {})
  client.ready = WRITABLE
  backend.ready = WRITABLE
  for (const direction of [pipe.up, pipe.down]) carry(direction, () => 0)
  host.runQueue.now = Math.ceil(performance.now())
  const runAfter = (ms: number) => {
    host.runQueue.now += ms
    pipe.run()
    return pipeEnded.mock.calls[0]?.[0]
  }
  const closings = () => [client.closings.at(-1), backend.closings.at(-1)]
  return { ...stuck, later, runAfter, closings }
}

test.each([
  ['killed', 'nothing', 'reset', WRITABLE],
  ['killed', 'a byte', 'reset', READABLE | WRITABLE],
  ['ordered', 'nothing', 'close', WRITABLE],
  ['ordered', 'a byte', 'reset', READABLE | WRITABLE],
] as const)(
  'a pipe that ends as %s with %s in flight ends both sockets with a %s',
  (cause, _, how, ready) => {
    const { pipe, client, closings } = quietPipe()
    client.ready = ready
    pipe.end(cause)
    expect(closings()).toEqual([how, how])
  },
)

test('a pipe that ends drops the bytes in flight of both directions', () => {
  const { pipe } = stuckPipe()
  const dropped = [vi.spyOn(pipe.up, 'drop'), vi.spyOn(pipe.down, 'drop')]
  pipe.end('ordered')
  for (const drop of dropped) expect(drop).toHaveBeenCalledTimes(1)
})

test('halfClosedTimeoutMs ends only a pipe in which one direction has ended', () => {
  const { pipe, pipeEnded } = quietPipe({ idleTimeoutMs: 0, halfClosedTimeoutMs: 1000 })
  pipe.expire(performance.now() + 60_000)
  expect(pipeEnded).not.toHaveBeenCalled()
  pipe.up.phase = 'finished'
  pipe.expire(performance.now() + 60_000)
  expect(pipeEnded.mock.calls).toMatchObject([[{ cause: 'half-closed-timeout', waitedFor: 'backend' }]])
})

test.each([
  ['client', 'up', 'backend'],
  ['backend', 'down', 'client'],
] as const)('a pipe whose %s ended stays open the other way until halfClosedTimeoutMs', (_, way, other) => {
  const { pipe, pipeEnded, runAfter, ...sockets } = quietPipe({ idleTimeoutMs: 0, halfClosedTimeoutMs: 1000 })
  const { now } = sockets.host.runQueue
  pipe[way].sourceEnded()
  expect(runAfter(500)).toBeUndefined()
  expect(sockets[other].closings).toEqual(['shutdown'])
  pipe.expire(now + 1499)
  expect(pipeEnded).not.toHaveBeenCalled()
  pipe.expire(now + 1500)
  expect(pipeEnded.mock.calls).toMatchObject([[{ cause: 'half-closed-timeout', waitedFor: other }]])
})

test('timeouts of 0 never end a pipe', () => {
  const { pipe, pipeEnded } = quietPipe({ idleTimeoutMs: 0, halfClosedTimeoutMs: 0, maxLifetimeMs: 0 })
  pipe.expire(performance.now() + 1e12)
  pipe.up.phase = 'finished'
  pipe.expire(performance.now() + 1e12)
  expect(pipeEnded).not.toHaveBeenCalled()
})

test('maxLifetimeMs counts from the start of a pipe, and idleTimeoutMs from its last byte', () => {
  const { pipe, client, host, pipeEnded } = quietPipe({ idleTimeoutMs: 1000, maxLifetimeMs: 2000 })
  const { now } = host.runQueue
  for (const ms of [900, 1800]) {
    host.runQueue.now = now + ms
    pipe.carried(client, 5, 5, 0)
    pipe.expire(now + ms + 99)
  }
  expect(pipeEnded).not.toHaveBeenCalled()
  pipe.expire(now + 2001)
  expect(pipeEnded.mock.calls).toMatchObject([[{ cause: 'lifetime' }]])
})

describe('halfClose "close"', () => {
  const closing = () => {
    const quiet = quietPipe({ halfClose: 'close' })
    quiet.pipe.up.sourceEnded()
    return quiet
  }

  test('a pipe with halfClose "close" whose client ended delivers the bytes in flight to it, and then ends', () => {
    const { pipe, runAfter, closings } = closing()
    pipe.down.took(5)
    expect(runAfter(0)).toBeUndefined()
    pipe.down.gave(5)
    expect(runAfter(0)).toEqual({ by: 'client', cause: 'finished' })
    expect(closings()).toEqual(['close', 'close'])
  })

  test('a pipe with halfClose "close" waits until the other side has acknowledged all bytes', () => {
    const { pipe, client, backend, later, runAfter } = closing()
    backend.unacknowledged = 5
    client.unacknowledged = 0
    expect(runAfter(0)).toBeUndefined()
    expect(later.mock.calls).toEqual([[pipe]])
    backend.unacknowledged = 0
    expect(runAfter(0)).toEqual({ by: 'client', cause: 'finished' })
  })

  test('a pipe with halfClose "close" resets both sides if the other side acknowledges nothing for 30 s', () => {
    const { backend, runAfter, closings } = closing()
    backend.unacknowledged = 5
    expect(runAfter(0)).toBeUndefined()
    expect(runAfter(29_000)).toBeUndefined()
    backend.unacknowledged = 4
    expect(runAfter(900)).toBeUndefined()
    expect(runAfter(29_900)).toBeUndefined()
    expect(runAfter(100)).toEqual({ by: 'proxy', cause: 'half-closed-timeout', waitedFor: 'backend' })
    expect(closings()).toEqual(['reset', 'reset'])
  })

  test('a pipe with halfClose "close" closes both sides after 30 s if it cannot see acknowledgements', () => {
    const { backend, runAfter, closings } = closing()
    backend.unacknowledged = undefined
    expect(runAfter(0)).toBeUndefined()
    expect(runAfter(29_000)).toBeUndefined()
    expect(runAfter(1000)).toEqual({ by: 'proxy', cause: 'half-closed-timeout', waitedFor: 'backend' })
    expect(closings()).toEqual(['close', 'close'])
  })
})

describe.each([
  ['client', 'backend', 'up'],
  ['backend', 'client', 'down'],
] as const)('a reset of the %s', (side, other, direction) => {
  const broken = () => {
    const quiet = quietPipe()
    quiet.pipe[direction].socketFailed(quiet[side], 'ECONNRESET')
    return quiet
  }
  const reset = { by: side, cause: 'reset', errno: 'ECONNRESET' }

  test(`a pipe passes a reset of the ${side} on at once if the ${other} has acknowledged all bytes`, () => {
    const { runAfter, closings } = broken()
    expect(runAfter(0)).toEqual(reset)
    expect(closings()).toEqual(['reset', 'reset'])
  })

  test(`a pipe passes a reset of the ${side} on only after the bytes in flight`, () => {
    const { pipe, later, runAfter } = broken()
    pipe[direction].took(5)
    expect(runAfter(0)).toBeUndefined()
    expect(later.mock.calls).toEqual([[pipe]])
    pipe[direction].gave(5)
    expect(runAfter(0)).toEqual(reset)
  })

  test(`a pipe delays a reset of the ${side} while the ${other} acknowledges more bytes each second`, () => {
    const quiet = broken()
    quiet[other].unacknowledged = 5
    quiet[side].unacknowledged = 0
    expect(quiet.runAfter(0)).toBeUndefined()
    for (const left of [4, 3, 2]) {
      quiet[other].unacknowledged = left
      expect(quiet.runAfter(900)).toBeUndefined()
    }
    expect(quiet.runAfter(900)).toBeUndefined()
    expect(quiet.runAfter(100)).toEqual(reset)
  })

  test(`a pipe does not delay a reset of the ${side} if the ${other} is broken too`, () => {
    const quiet = broken()
    quiet[other].error = 'EPIPE'
    quiet[other].unacknowledged = 5
    expect(quiet.runAfter(0)).toMatchObject({ cause: 'reset' })
  })
})

/** The limits of one pipe, with sockets that the kernel paces or not, and a clock that the test moves. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HandOuts } from '../../../src/limits/bandwidth/hand-outs.js'
import { NO_SHARES, PipeLimiter, type PipeShares } from '../../../src/limits/bandwidth/pipe-limiter.js'
import { SharedLimit } from '../../../src/limits/bandwidth/shared-limit.js'

const MIB = 1024 * 1024

const turns = { now: 0, tick: () => {}, drain: () => {} }
const wake = vi.fn()

beforeEach(() => {
  vi.useFakeTimers()
  turns.now = 0
  wake.mockReset()
})
afterEach(() => {
  vi.useRealTimers()
})

function pass(ms: number): void {
  turns.now += ms
  vi.advanceTimersByTime(ms)
}

function limiter(shares: Partial<PipeShares> = {}, isPaced = true) {
  const client = { setPacing: vi.fn(() => isPaced) }
  const backend = { setPacing: vi.fn(() => isPaced) }
  const limits = new PipeLimiter(new HandOuts(turns), { client, backend }, wake)
  limits.share({ ...NO_SHARES, ...shares })
  return { limits, client, backend }
}

describe('the rate of a connection itself', () => {
  test('the kernel paces the client for down and the backend for up, and no byte has to be asked for', () => {
    const { limits, client, backend } = limiter()
    limits.setRates({ up: 1000, down: 2000 })
    expect(client.setPacing.mock.calls).toEqual([[2000]])
    expect(backend.setPacing.mock.calls).toEqual([[1000]])
    expect([limits.up.isMetering, limits.down.grant(MIB)]).toEqual([false, MIB])
    expect(limits.slowed()).toEqual({
      up: { by: 'connection', bytesPerSecond: 1000, waitedMs: undefined },
      down: { by: 'connection', bytesPerSecond: 2000, waitedMs: undefined },
    })
  })

  test('a rate of 0 takes the pacing off, and a rate that stays is not set again', () => {
    const { limits, client } = limiter()
    limits.setRates({ down: 2000 })
    limits.setRates({ down: 2000 })
    limits.setRates({ down: 0 })
    expect(client.setPacing.mock.calls).toEqual([[2000], [0]])
    expect(limits.slowed()).toBeUndefined()
  })

  test('millrace counts the bytes where the kernel does not pace, and wakes the pipe when there are more', () => {
    const { limits } = limiter({}, false)
    limits.setRates({ down: 100_000 })
    const first = limits.down.grant(MIB)
    limits.down.used(first)
    expect(first).toBeGreaterThan(0)
    limits.down.used(limits.down.grant(MIB))
    expect([limits.down.grant(MIB), limits.down.isWaiting, limits.down.awaited]).toEqual([
      0,
      true,
      'connection',
    ])
    for (let i = 0; i < 20; i++) pass(5)
    expect(wake).toHaveBeenCalledTimes(1)
    expect(limits.down.grant(MIB)).toBeGreaterThan(0)
    expect(limits.slowed()?.down).toMatchObject({ by: 'connection', bytesPerSecond: 100_000 })
  })

  test('a direction that waits goes on at once when its rate is taken off', () => {
    const { limits } = limiter({}, false)
    limits.setRates({ down: 1024 })
    while (limits.down.grant(MIB) > 0) limits.down.used(MIB)
    limits.setRates({ down: 0 })
    expect(wake).toHaveBeenCalled()
    expect([limits.down.isMetering, limits.down.grant(MIB)]).toEqual([false, MIB])
  })
})

describe('rates that a pipe shares', () => {
  test('a direction may take what the lowest of its rates allows, and holds nothing of the others while it waits', () => {
    const [wide, narrow] = [new SharedLimit(100 * MIB, 0), new SharedLimit(10_000, 0)]
    const down = [
      { name: 'process', limit: wide },
      { name: 'listener', limit: narrow },
    ]
    const { limits } = limiter({ down })
    const granted = limits.down.grant(MIB)
    expect(granted).toBeLessThanOrEqual(narrow.burst)
    limits.down.used(granted)
    while (limits.down.grant(MIB) > 0) limits.down.used(MIB)
    expect([limits.down.awaited, wide.waiting, narrow.waiting]).toEqual(['listener', 0, 1])
    const other = wide.join(0, () => {})
    expect(wide.ask(other, MIB, 0)).toBe(MIB)
  })

  test('another config changes the rates: those that stay go on, and nobody waits for one that is gone', () => {
    const [stays, goes] = [new SharedLimit(100 * MIB, 0), new SharedLimit(1024, 0)]
    const closed = vi.fn()
    const up = [stays, goes].map((limit) => ({ name: limit === stays ? 'process' : 'cluster', limit }))
    const { limits } = limiter({ up, closed })
    while (limits.up.grant(MIB) > 0) limits.up.used(MIB)
    turns.now += 7
    limits.share({ ...NO_SHARES, up: [up[0]!] })
    expect([closed.mock.calls.length, wake.mock.calls.length, goes.waiting]).toEqual([1, 1, 0])
    expect(limits.up.grant(MIB)).toBeGreaterThan(0)
    limits.up.used(MIB)
    expect(limits.slowed()?.up).toEqual({ by: 'cluster', bytesPerSecond: undefined, waitedMs: 7 })
    limits.share(NO_SHARES)
    expect([limits.up.isMetering, limits.up.grant(MIB)]).toEqual([false, MIB])
  })

  test('the rate that the kernel paces is told beside the wait for a rate that the pipe shares', () => {
    const { limits } = limiter({ up: [{ name: 'cluster', limit: new SharedLimit(1024, 0) }] })
    limits.setRates({ up: 1000 })
    while (limits.up.grant(MIB) > 0) limits.up.used(MIB)
    turns.now += 7
    expect(limits.slowed()?.up).toEqual({ by: 'cluster', bytesPerSecond: 1000, waitedMs: 7 })
  })

  test('a pipe that has ended waits for no rate, and no timer is left', () => {
    const narrow = new SharedLimit(1024, 0)
    const closed = vi.fn()
    const { limits } = limiter({ up: [{ name: 'cluster', limit: narrow }], closed })
    while (limits.up.grant(MIB) > 0) limits.up.used(MIB)
    expect(narrow.waiting).toBe(1)
    limits.close()
    pass(5)
    expect([narrow.waiting, closed.mock.calls.length, vi.getTimerCount()]).toEqual([0, 1, 0])
  })
})

describe('quotas', () => {
  test('both directions are held back once the quota is used up', () => {
    const { limits } = limiter({ maxBytes: 1000 })
    expect([limits.left(400), limits.up.isMetering, limits.up.isWaiting]).toEqual([600, true, false])
    expect([limits.left(1200), limits.up.isWaiting, limits.down.grant(5)]).toEqual([0, true, 0])
  })

  test('another config changes the quota', () => {
    const { limits } = limiter({ maxBytes: 1000 })
    limits.share({ ...NO_SHARES, maxBytes: 5000 })
    expect([limits.left(1200), limits.up.isMetering]).toEqual([3800, true])
    limits.share(NO_SHARES)
    expect([limits.left(1200), limits.up.isMetering]).toEqual([Number.POSITIVE_INFINITY, false])
  })

  test('days count each byte once, and end the connection when they are used up', () => {
    const countDays = vi.fn((bytes: number) => bytes > 0)
    const { limits } = limiter({ countDays })
    expect([limits.look(100), limits.look(150), limits.look(150)]).toEqual([true, true, false])
    expect(countDays.mock.calls).toEqual([[100], [50], [0]])
  })
})

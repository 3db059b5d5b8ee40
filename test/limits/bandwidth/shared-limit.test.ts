/** Deficit round robin against its rules, with a clock that the test moves and directions that the test plays. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SharedLimit } from '../../../src/limits/bandwidth/shared-limit.js'
import { awake, Sender, TICK_MS } from './sender.js'

const MIB = 1024 * 1024

/** Lets `ms` pass. Calls `each` every tick. Returns how much went in each tick. */
function play(limit: SharedLimit, ms: number, each?: (now: number) => void): number[] {
  const went: number[] = []
  for (let now = TICK_MS; now <= ms; now += TICK_MS) {
    each?.(now)
    limit.handOut(now)
    let sum = 0
    for (const sender of awake.splice(0)) sum += sender.run(now)
    went.push(sum)
  }
  return went
}

describe('a shared limit', () => {
  test('a direction alone may take the burst at once, except the reserve, and then the rate', () => {
    const limit = new SharedLimit(MIB, 0)
    const sender = new Sender(limit, 100 * MIB)
    expect(sender.run(0)).toBeGreaterThanOrEqual(Math.floor(limit.burst * 0.75))
    play(limit, 10_000)
    expect(sender.sent).toBeLessThanOrEqual(10 * MIB + limit.burst)
    expect(sender.sent).toBeGreaterThanOrEqual(10 * MIB - limit.burst)
  })

  test('a direction that took more than was granted gets smaller turns until the others are even', () => {
    const limit = new SharedLimit(MIB, 0)
    const [greedy, modest] = [new Sender(limit, 100 * MIB), new Sender(limit, 100 * MIB)]
    greedy.run(0)
    modest.run(0)
    for (let now = TICK_MS; now <= 20_000; now += TICK_MS) {
      limit.handOut(now)
      for (const sender of awake.splice(0)) sender.run(now, sender === greedy ? 5000 : 0)
    }
    expect(greedy.sent / modest.sent).toBeGreaterThan(0.9)
    expect(greedy.sent / modest.sent).toBeLessThan(1.1)
  })

  test('a direction that leaves while it waits leaves its turn to the others', () => {
    const limit = new SharedLimit(MIB, 0)
    const [gone, stays] = [new Sender(limit, 10 * MIB), new Sender(limit, 100 * MIB)]
    gone.run(0)
    stays.run(0)
    expect(limit.waiting).toBe(2)
    limit.leave(gone.share)
    expect(limit.waiting).toBe(1)
    play(limit, 5000)
    expect(stays.sent).toBeGreaterThanOrEqual(5 * MIB - limit.burst)
  })

  test('a direction that asks twice in one turn waits once', () => {
    const limit = new SharedLimit(1000, 0)
    const sender = new Sender(limit, MIB)
    sender.run(0)
    expect([limit.ask(sender.share, 1, 0), limit.waiting]).toEqual([0, 1])
  })

  test('messages of 64 bytes never wait while ten directions use up the rate', () => {
    const limit = new SharedLimit(10 * MIB, 0)
    const bulk = Array.from({ length: 10 }, () => new Sender(limit, 1000 * MIB))
    const small = new Sender(limit, 0)
    for (const each of bulk) each.run(0)
    play(limit, 10_000, (now) => {
      for (let message = 0; message < 5; message++) {
        small.backlog = 64
        expect(small.run(now)).toBe(64)
      }
    })
    const sent = bulk.reduce((sum, each) => sum + each.sent, small.sent)
    expect(sent).toBeLessThanOrEqual(100 * MIB + limit.burst)
    expect(sent).toBeGreaterThanOrEqual(99 * MIB)
  })
})

const RATE = fc.integer({ min: 1000, max: 100 * MIB })

describe('deficit round robin', () => {
  test('a shared limit never lets more than rate * t + burst through in any window', () => {
    const backlogs = fc.array(fc.record({ bytes: fc.nat(20 * MIB), at: fc.nat(1000) }), {
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(RATE, backlogs, (rate, plan) => {
        const limit = new SharedLimit(rate, 0)
        const senders = plan.map(() => new Sender(limit, 0))
        let atOnce = 0
        const went = play(limit, 2000, (now) => {
          atOnce = 0
          for (const [index, { bytes, at }] of plan.entries()) {
            if (at > now || at <= now - TICK_MS) continue
            senders[index]!.backlog += bytes
            atOnce += senders[index]!.run(now)
          }
          early.push(atOnce)
        })
        const all = went.map((bytes, index) => bytes + early[index]!)
        early.length = 0
        expect(mostOverRate(all, rate)).toBeLessThanOrEqual(limit.burst + 1)
      }),
      { numRuns: 30 },
    )
  })

  test('a shared limit uses its whole rate while anybody has something to send', () => {
    fc.assert(
      fc.property(
        RATE,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 20 }),
        (rate, busy, idle) => {
          const limit = new SharedLimit(rate, 0)
          const senders = Array.from({ length: busy }, () => new Sender(limit, Number.MAX_SAFE_INTEGER))
          const quiet = Array.from({ length: idle }, () => new Sender(limit, 0))
          for (const each of [...quiet, ...senders]) each.run(0)
          play(limit, 10_000)
          const sent = senders.reduce((sum, each) => sum + each.sent, 0)
          expect(sent).toBeGreaterThanOrEqual(rate * 10 - limit.burst)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('directions that always have something to send get the same, within a burst', () => {
    fc.assert(
      fc.property(RATE, fc.integer({ min: 2, max: 30 }), (rate, count) => {
        const limit = new SharedLimit(rate, 0)
        const senders = Array.from({ length: count }, () => new Sender(limit, Number.MAX_SAFE_INTEGER))
        for (const each of senders) each.run(0)
        const first = senders.map(({ sent }) => sent)
        play(limit, 30_000)
        const later = senders.map(({ sent }, index) => sent - first[index]!)
        expect(Math.max(...later) - Math.min(...later)).toBeLessThanOrEqual(limit.burst)
      }),
      { numRuns: 30 },
    )
  })

  test('a direction that sends less than its part leaves the rest to the others', () => {
    const limit = new SharedLimit(MIB, 0)
    const slow = new Sender(limit, 0)
    const fast = [new Sender(limit, 1000 * MIB), new Sender(limit, 1000 * MIB)]
    for (const each of fast) each.run(0)
    play(limit, 10_000, (now) => {
      slow.backlog += 500
      if (!slow.share.isWaiting) slow.run(now)
    })
    expect(slow.sent).toBeGreaterThanOrEqual(990_000)
    const rest = (10 * MIB - slow.sent) / 2
    for (const each of fast) expect(Math.abs(each.sent - rest)).toBeLessThan(rest * 0.05)
  })
})

/** How much more than the rate went in the worst window. */
function mostOverRate(went: readonly number[], rate: number): number {
  let worst = 0
  let over = 0
  for (const bytes of went) {
    over = Math.max(0, over) + bytes
    worst = Math.max(worst, over)
    over -= (rate * TICK_MS) / 1000
  }
  return worst
}

/** What went in the ticks so far because directions began to send. */
const early: number[] = []

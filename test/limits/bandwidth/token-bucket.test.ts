/** A token bucket against its arithmetic, with a clock that the test moves. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TokenBucket } from '../../../src/limits/bandwidth/token-bucket.js'

const MIB = 1024 * 1024

describe('a token bucket', () => {
  test('a token bucket starts full, and gathers 50 ms of its rate', () => {
    const bucket = new TokenBucket(10 * MIB, 0)
    expect(bucket.level(0)).toBe(MIB / 2)
    expect(bucket.level(60_000)).toBe(MIB / 2)
  })

  test('a token bucket of a low rate gathers 4096 bytes', () => {
    expect(new TokenBucket(100, 0).level(60_000)).toBe(4096)
  })

  test('a token bucket fills at its rate, and a bucket in debt first pays the debt', () => {
    const bucket = new TokenBucket(1000, 0)
    bucket.take(5096)
    expect(bucket.level(0)).toBe(-1000)
    expect(bucket.level(1500)).toBe(500)
  })

  test('a token bucket keeps what is there when its rate changes, up to the new burst', () => {
    const bucket = new TokenBucket(10 * MIB, 0)
    bucket.setRate(1000, 0)
    expect(bucket.level(0)).toBe(4096)
    bucket.take(4096)
    bucket.setRate(2000, 1000)
    expect([bucket.level(1000), bucket.level(1500)]).toEqual([1000, 2000])
  })

  test('bytes that are given back never fill a token bucket above its burst', () => {
    const bucket = new TokenBucket(1000, 0)
    bucket.take(-500)
    expect(bucket.level(0)).toBe(4096)
  })

  test('a token bucket gives away at most rate * t + burst bytes in any window', () => {
    const step = fc.record({ afterMs: fc.double({ min: 0, max: 500, noNaN: true }), wanted: fc.nat(2 * MIB) })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 * MIB }),
        fc.array(step, { maxLength: 60 }),
        (rate, steps) => {
          const bucket = new TokenBucket(rate, 0)
          const taken: [at: number, bytes: number][] = []
          let now = 0
          for (const { afterMs, wanted } of steps) {
            now += afterMs
            const bytes = Math.floor(Math.max(0, Math.min(wanted, bucket.level(now))))
            bucket.take(bytes)
            taken.push([now, bytes])
            let sum = 0
            for (const [at, part] of taken.toReversed()) {
              sum += part
              expect(sum).toBeLessThanOrEqual((rate * (now - at)) / 1000 + bucket.burst + 1e-3)
            }
          }
        },
      ),
    )
  })
})

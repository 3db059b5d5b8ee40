import { describe, expect, it } from 'vitest'
import { UlidSource } from '../../../src/observe/records/ulid.js'

const MANY = 100_000
/** Crockford's alphabet; the first letter holds the top 3 of 48 bits. */
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

describe('UlidSource', () => {
  it('UlidSource gives 100,000 different ids, each of which sorts after the one before', () => {
    const source = new UlidSource()
    let last = ''
    for (let i = 0; i < MANY; i++) {
      const id = source.next()
      // An expectation for each id would take longer than the ids.
      if (!(id > last) || !ULID.test(id)) expect.fail(`${id} after ${last}`)
      last = id
    }
  })

  it('UlidSource keeps its order if the clock stands still or goes back', () => {
    const source = new UlidSource()
    const ids = [1000, 1000, 999, 0, 1000, 1001].map((time) => source.next(time))
    expect(ids).toEqual([...ids].sort())
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('an id begins with the time, as the ULID specification says', () => {
    // The example of github.com/ulid/spec.
    expect(new UlidSource().next(1469918176385).slice(0, 10)).toBe('01ARYZ6S41')
    expect(new UlidSource().next(0).slice(0, 10)).toBe('0000000000')
    expect(new UlidSource().next(2 ** 48 - 1).slice(0, 10)).toBe('7ZZZZZZZZZ')
  })

  it('UlidSource gives two processes different ids in the same millisecond', () => {
    const ids = Array.from({ length: 1000 }, () => new UlidSource().next(1))
    expect(new Set(ids).size).toBe(1000)
  })
})

import { describe, expect, it } from 'vitest'
import { Totals } from '../../src/observe/status.js'

const bytes = (bytesUp: number, bytesDown: number) => ({
  bytesUp,
  bytesDown,
  splicedUp: bytesUp / 2,
  splicedDown: 0,
})

describe('the totals', () => {
  it('are those of connections that are over and of those that run, which are not counted twice', () => {
    const totals = new Totals()
    totals.add(bytes(10, 20))
    totals.add(bytes(100, 200))
    const running = [{ totals: bytes(1000, 2000) }, { totals: bytes(4, 0) }]
    const sum = { active: 2, ended: 2, bytesUp: 1114, bytesDown: 2220, splicedUp: 557, splicedDown: 0 }
    expect(totals.with(running)).toEqual(sum)
    expect(totals.with(running)).toEqual(sum)
    expect(totals.with([])).toMatchObject({ active: 0, ended: 2, bytesUp: 110, bytesDown: 220 })
  })
})

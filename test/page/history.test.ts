/** What the page remembers, and for how long. A page may be open for days. */
import { beforeEach, describe, expect, it } from 'vitest'
// @ts-expect-error the page has no declarations; the test uses it as the page does
import { quantile } from '../../page/figures.js'
// @ts-expect-error
import { Growths } from '../../page/growth.js'
// @ts-expect-error
import { History } from '../../page/history.js'
import { ending, listener, moment } from './teller.js'

const AT = 1_800_000_000
const traffic = (bytesUp: number) => ({ bytesUp, bytesDown: 0, splicedUp: 0, splicedDown: 0 })

/** A moment of a proxy that has moved `bytesUp` bytes. */
const told = (bytesUp: number, fields = {}) =>
  moment({
    connections: { active: 1, ended: 0, ...traffic(bytesUp) },
    listeners: [listener('web', { traffic: traffic(bytesUp), active: 1 })],
    ...fields,
  }).status

interface Point {
  readonly at: number
  readonly up: number | null
  readonly active: number | null
}

describe('the history of the page', () => {
  const rates = (history: { of(name: string): readonly Point[] }) => history.of('').map(({ up }) => up)

  it('the history holds 300 points of each listener, and none of a listener that is gone', () => {
    const history = new History()
    for (let i = 0; i < 1000; i++) history.add(told(i * 100), AT + i)
    expect(rates(history)).toEqual(new Array(300).fill(100))
    expect(history.of('web')).toHaveLength(300)
    history.add(told(100_000, { listeners: [] }), AT + 1000)
    expect(history.of('web')).toEqual([])
  })

  it('the history has no rate across a restart, and a gap for a time without events', () => {
    const history = new History()
    history.add(told(0), AT)
    history.add(told(100), AT + 1)
    history.add(told(5, { startedAt: '2026-01-02T00:00:00.000Z' }), AT + 2)
    history.add(told(105, { startedAt: '2026-01-02T00:00:00.000Z' }), AT + 3)
    history.add(told(9_000_000, { startedAt: '2026-01-02T00:00:00.000Z' }), AT + 3600)
    expect(rates(history)).toEqual([null, 100, null, null, 100, null, null])
    const active = history.of('').map((point: Point) => point.active)
    expect(active).toEqual([1, 1, null, 1, 1, null, 1])
  })

  it('the history makes no rate of two moments that come at once, or across a change of the clock', () => {
    const history = new History()
    history.add(told(0), AT)
    history.add(told(1000), AT + 0.01)
    history.add(told(1000), AT + 1)
    history.add(told(2000), AT - 3600)
    expect(rates(history)).toEqual([null, 1000, null, null])
  })

  it('the history counts the connections that failed in the last seconds', () => {
    const history = new History()
    const failed = (count: number) => ({
      endings: [
        ending('no-backend', { count }),
        ending('finished', { by: 'client', phase: 'data', count: 50, outcome: 'ordinary' }),
      ],
    })
    history.add(told(0, failed(1000)), AT)
    history.add(told(0, failed(1003)), AT + 1)
    for (let i = 2; i < 90; i++) history.add(told(0, failed(1003)), AT + i)
    history.add(told(0, failed(1005)), AT + 90)
    expect(history.failed('', 60)).toBe(2)
    expect(history.failed('web', 300)).toBe(5)
  })
})

describe('the growth of counts', () => {
  const START = '2026-01-01T00:00:00.000Z'
  let growths: { add(told: object, startedAt: string, now: number): void; of(key: string): readonly number[] }
  const grown = (counts: number[], now: number, startedAt = START) => {
    growths.add(new Map([['a', counts]]), startedAt, now)
    return growths.of('a')
  }
  beforeEach(() => {
    growths = new Growths()
  })

  it('the growth of a count covers the last five minutes', () => {
    expect(grown([500, 0], AT)).toEqual([0, 0])
    for (let i = 1; i <= 1000; i++) grown([500 + i, 0], AT + i)
    const [fast, slow] = grown([1500, 7], AT + 1001)
    expect(fast).toBeGreaterThan(285)
    expect(fast).toBeLessThanOrEqual(300)
    expect(slow).toBe(7)
  })

  it('the growth of a new count is the whole count, and that of a new process begins at 0', () => {
    growths.add(new Map(), START, AT)
    expect(grown([3], AT + 1)).toEqual([3])
    expect(grown([100], AT + 2, '2026-01-02T00:00:00.000Z')).toEqual([0])
    expect(grown([101], AT + 3, '2026-01-02T00:00:00.000Z')).toEqual([1])
  })

  it('the growth of a count begins again at 0 when the count falls, because a worker is gone', () => {
    grown([100, 5], AT)
    expect(grown([110, 5], AT + 5)).toEqual([10, 0])
    expect(grown([105, 6], AT + 6)).toEqual([0, 0])
    expect(grown([106, 6], AT + 7)).toEqual([1, 0])
  })

  it('the growth of a count outlives a moment without the count, but not five minutes', () => {
    grown([100], AT)
    growths.add(new Map(), START, AT + 1)
    expect(growths.of('a')).toEqual([])
    expect(grown([101], AT + 2)).toEqual([1])
    growths.add(new Map(), START, AT + 400)
    expect(grown([500], AT + 401)).toEqual([500])
  })
})

describe('quantiles', () => {
  it('a quantile is a bound of the histogram, or above the last bound', () => {
    expect(quantile({ bounds: [0.001, 0.01], counts: [98, 1, 1] }, 0.5)).toBe('1ms')
    expect(quantile({ bounds: [0.001, 0.01], counts: [98, 1, 1] }, 0.99)).toBe('10ms')
    expect(quantile({ bounds: [0.001, 0.01], counts: [1, 0, 9] }, 0.99)).toBe('> 10ms')
    expect(quantile({ bounds: [0.001, 0.01], counts: [0, 0, 0] }, 0.99)).toBe('–')
  })
})

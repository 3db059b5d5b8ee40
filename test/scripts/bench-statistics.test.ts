/** What the bench computes from its rounds: medians, intervals, ratios of pairs and verdicts. */
import { describe, expect, it } from 'vitest'
import { benchPart } from './bench-part.js'

const { confidenceOf, medianOf, ratioOfPairs, summarize, verdictOf } = await benchPart('statistics')

describe('a median', () => {
  it('a median of an odd or an even number of values is the middle', () => {
    expect(medianOf([9, 1, 5])).toBe(5)
    expect(medianOf([9, 1, 5, 7])).toBe(6)
  })

  it('a median of six rounds has an interval from the least to the greatest value, with 97 %', () => {
    const summary = summarize([6, 5, 4, 3, 2, 1])
    expect(summary).toMatchObject({ median: 3.5, low: 1, high: 6 })
    expect(summary.confidence).toBeCloseTo(0.969, 3)
  })

  it('a median of nine rounds has an interval without the least and the greatest value', () => {
    expect(summarize([9, 8, 7, 6, 5, 4, 3, 2, 1])).toMatchObject({ median: 5, low: 2, high: 8 })
  })

  it('a median of three rounds has a confidence of only 75 %', () => {
    expect(summarize([1, 2, 3])).toEqual({ median: 2, low: 1, high: 3, confidence: 0.75 })
  })

  it('a median of one round has no confidence', () => {
    expect(summarize([7])).toEqual({ median: 7, low: 7, high: 7, confidence: 0 })
  })
})

it('an interval of the bench has the confidence of the sign test', () => {
  expect(confidenceOf(5, 0)).toBeCloseTo(1 - 2 / 32)
  expect(confidenceOf(9, 1)).toBeCloseTo(1 - 20 / 512)
  expect(confidenceOf(2, 1)).toBe(0)
})

describe('a ratio of paired rounds', () => {
  const rounds = (...values: number[]) => new Map(values.map((value, round) => [round, value]))

  it('a ratio of paired rounds is made round by round, so a bad minute for both changes nothing', () => {
    const { median, low, high } = ratioOfPairs(rounds(10, 100, 12), rounds(20, 200, 24))
    expect([median, low, high]).toEqual([0.5, 0.5, 0.5])
  })

  it('a ratio of paired rounds leaves out rounds in which one of the two failed', () => {
    const theirs = rounds(1, 2, 4)
    theirs.delete(1)
    expect(ratioOfPairs(rounds(3, 1000, 12), theirs)).toMatchObject({ median: 3, confidence: 0.5 })
  })

  it('a ratio of paired rounds is undefined if no round has both', () => {
    expect(ratioOfPairs(rounds(1), new Map([[5, 1]]))).toBeUndefined()
  })
})

describe('a target', () => {
  const six = { confidence: 0.96 }

  it('a target is missed only if the whole interval lies beyond its limit', () => {
    expect(verdictOf({ low: 1.01, high: 1.2, ...six }, 1, 'less')).toBe('missed')
    expect(verdictOf({ low: 0.99, high: 1.2, ...six }, 1, 'less')).toBe('unclear')
    expect(verdictOf({ low: 0.8, high: 0.99, ...six }, 1, 'more')).toBe('missed')
    expect(verdictOf({ low: 0.8, high: 1, ...six }, 1, 'more')).toBe('unclear')
  })

  it('a target is met if the whole interval keeps its limit', () => {
    expect(verdictOf({ low: 0.9, high: 1, ...six }, 1, 'less')).toBe('met')
    expect(verdictOf({ low: 1, high: 3, ...six }, 1, 'more')).toBe('met')
  })

  it('a target is unclear after one or two rounds, whatever they measured', () => {
    expect(verdictOf(summarize([5]), 1, 'less')).toBe('unclear')
    expect(verdictOf(summarize([5, 5]), 1, 'less')).toBe('unclear')
    expect(verdictOf(summarize([5, 5, 5]), 1, 'less')).toBe('missed')
  })
})

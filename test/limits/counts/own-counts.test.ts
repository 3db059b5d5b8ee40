/** The table of counts in the memory of a process. */
import { describe, expect, it } from 'vitest'
import { createOwnCounts, OwnCountsTable } from '../../../src/limits/counts/own-counts.js'
import { describeCounts, PROCESS, TestClock, want } from './contract.js'

describeCounts('a table in own memory', (options) => {
  const table = new OwnCountsTable({ ...options, processes: options.workers })
  return {
    view: (worker) => table.view(worker),
    reclaim: (worker) => table.reclaim(worker),
    close: () => {},
  }
})

describe('workers that do not count together', () => {
  const takersOf = (workers: number, clock = new TestClock()) =>
    Array.from({ length: workers }, (_, worker) =>
      createOwnCounts({ sources: 4, part: { worker, workers }, clock }),
    )

  it.each([
    [1, 4],
    [3, 4],
    [20, 3],
    [1000, 7],
  ])('workers with parts of %i places hold exactly that many, here %i workers', (most, workers) => {
    const taken = takersOf(workers).map((counts) => {
      let count = 0
      while (counts.take([want(PROCESS, most)]).entries !== undefined) count++
      return count
    })
    expect(taken.reduce((sum, count) => sum + count, 0)).toBe(most)
    expect(Math.max(...taken) - Math.min(...taken)).toBeLessThanOrEqual(1)
  })

  it('each worker takes its part of a rate', () => {
    const clock = new TestClock()
    const takers = takersOf(4, clock)
    const tries = (): number[] =>
      takers.map((counts) => {
        let count = 0
        while (counts.take([want(PROCESS, 0, 8, 8)]).entries !== undefined) count++
        return count
      })
    expect(tries()).toEqual([2, 2, 2, 2])
    clock.passMs(500)
    expect(tries()).toEqual([1, 1, 1, 1])
  })

  it('a worker takes for granted that the others have as many bytes and ask for as much as it does', () => {
    const [counts] = takersOf(4)
    const { entries } = counts!.take([want(PROCESS)])
    expect([counts!.addBytes(entries![0]!, 10), counts!.demand(entries![0]!, 3)]).toEqual([40, 12])
    expect([counts!.isShared, createOwnCounts({ sources: 1 }).isShared]).toEqual([false, true])
  })
})

/** The table of counts that several processes share, with several views in this process. */
import { closeSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadNative } from '../../../src/io/kernel/native.js'
import { SharedCounts } from '../../../src/limits/counts/shared-counts.js'
import { describeCounts, PROCESS, want } from './contract.js'

const { native } = loadNative()
if (native === undefined) console.log('no shared table is tested: the addon is not here')

describe.runIf(native !== undefined)('the table of the addon', () => {
  describeCounts('a shared table', ({ sources, scopes, workers, clock }) => {
    const fd = native!.createCounts(sources, scopes, workers)
    const views = Array.from({ length: workers }, (_, worker) => new SharedCounts(native!, fd, worker, clock))
    closeSync(fd)
    return {
      view: (worker) => views[worker]!,
      reclaim: (worker) => views.at(-1)!.reclaim(worker),
      close: () => {
        for (const view of views) view.close()
      },
    }
  })

  it('a process that maps a table gives back what another process of its number held', () => {
    const fd = native!.createCounts(4, 4, 2)
    const [first, other] = [new SharedCounts(native!, fd, 0), new SharedCounts(native!, fd, 1)]
    for (const counts of [first, first, other]) counts.take([want(PROCESS)])
    const next = new SharedCounts(native!, fd, 0)
    closeSync(fd)
    expect(next.held(PROCESS)).toBe(1)
    for (const counts of [first, other, next]) counts.close()
  })

  it('only a table can be mapped, by a process that it has room for', () => {
    const fd = native!.createCounts(1, 1, 2)
    expect(() => new SharedCounts(native!, fd, 2)).toThrow('the table of counts cannot be mapped')
    expect(() => new SharedCounts(native!, -1, 0)).toThrow('the table of counts cannot be mapped')
    closeSync(fd)
  })

  it('a table that was closed refuses everything', () => {
    const fd = native!.createCounts(1, 1, 1)
    const counts = new SharedCounts(native!, fd, 0)
    closeSync(fd)
    counts.close()
    counts.leave(0)
    expect([
      counts.take([want(PROCESS)]).entries,
      counts.held(PROCESS),
      [...counts.sources('process')],
    ]).toEqual([undefined, 0, []])
  })
})

import { expect, it } from 'vitest'
import type { SourceInfo, SourceList } from '../../src/control/answers.js'
import { mergeSources } from '../../src/control/source-order.js'

const info = (source: string, connections: number, bytesToday = 0): SourceInfo => ({
  scope: 'process',
  source,
  connections,
  newPerSecond: 1,
  bytesToday,
})

const list = (isShared: boolean, ...sources: SourceInfo[]): SourceList => ({
  isShared,
  matched: sources.length,
  sources,
})

it('workers that count together give one list, which is cut at the limit', () => {
  const all = list(true, info('a', 3), info('b', 2))
  expect(mergeSources([all, all], { limit: 1 })).toEqual({ ...all, sources: [info('a', 3)] })
})

it('the figures of workers that do not count together are added up, and sorted again', () => {
  const lists = [list(false, info('a', 3, 5), info('b', 2)), list(false, info('b', 2, 1))]
  const merged = mergeSources(lists, {})
  expect(merged.sources.map(({ source, connections }) => [source, connections])).toEqual([
    ['b', 4],
    ['a', 3],
  ])
  expect(merged).toMatchObject({ isShared: false, matched: 2 })
  expect(mergeSources(lists, { sort: 'bytes' }).sources[0]!.source).toBe('a')
})

it('without workers that answer the list is empty', () => {
  expect(mergeSources([], {})).toEqual({ isShared: false, matched: 0, sources: [] })
})

/** What limits count for connections of another process. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Counts } from '../../../src/limits/counts/counts.js'
import {
  CountsOfAnother,
  changedCounts,
  countedIn,
  type OthersCount,
} from '../../../src/limits/counts/counts-of-another.js'
import { createOwnCounts, OwnCountsTable } from '../../../src/limits/counts/own-counts.js'
import { entryOf, PROCESS, sourceAt, sourceKey, TestClock, want } from './contract.js'

const FRONT = 'listener/front'
const SCOPES = [
  { scope: 'process', isOfSources: false },
  { scope: FRONT, isOfSources: false },
  { scope: FRONT, isOfSources: true },
]
const SOURCE = sourceKey(1, FRONT)

describe('CountsOfAnother', () => {
  let clock: TestClock
  let theirs: Counts
  let ours: Counts
  let others: CountsOfAnother
  let told: readonly OthersCount[]

  beforeEach(() => {
    clock = new TestClock()
    theirs = createOwnCounts({ sources: 10, clock })
    ours = createOwnCounts({ sources: 10, clock })
    others = new CountsOfAnother(ours)
    told = []
  })

  /** What the other process tells this one since the last time. */
  function tell(): readonly OthersCount[] {
    const present = countedIn(theirs, SCOPES, clock.now())
    const changed = changedCounts(told, present)
    told = present
    others.update(changed)
    return changed
  }

  it('takes the places of the other process, which then leave no room for more than the limit', () => {
    theirs.take([want(PROCESS), want({ scope: FRONT }), want(SOURCE)])
    theirs.take([want(PROCESS)])
    tell()
    expect([ours.held(PROCESS), ours.held({ scope: FRONT }), ours.held(SOURCE)]).toEqual([2, 1, 1])
    expect(ours.take([want(PROCESS, 2)])).toMatchObject({ refused: 0, why: 'connections' })
    expect(ours.take([want(PROCESS, 3)])).toHaveProperty('entries')
  })

  it('gives back what the other process gives back, and nothing else', () => {
    const own = entryOf(ours.take([want(PROCESS)]))
    const first = entryOf(theirs.take([want(PROCESS)]))
    theirs.take([want(PROCESS)])
    tell()
    theirs.leave(first)
    expect(tell()).toMatchObject([{ scope: 'process', source: undefined, held: 1 }])
    expect(ours.held(PROCESS)).toBe(2)
    others.clear()
    expect(ours.held(PROCESS)).toBe(1)
    ours.leave(own)
    expect(ours.held(PROCESS)).toBe(0)
  })

  it('goes on with rates: a client that has used its burst there has none here', () => {
    const limited = [want(PROCESS, 0, 1, 2), want(SOURCE, 0, 1, 2)]
    for (const entry of theirs.take(limited).entries!) theirs.leave(entry)
    for (const entry of theirs.take(limited).entries!) theirs.leave(entry)
    tell()
    expect(ours.take([limited[1]!])).toMatchObject({ why: 'rate' })
    expect(ours.take([limited[0]!])).toMatchObject({ why: 'rate' })
    clock.passMs(1000)
    expect(ours.take(limited)).toHaveProperty('entries')
  })

  it('goes on with the bytes of a day, also with those that pass in the other process later', () => {
    const there = entryOf(theirs.take([want(SOURCE)]))
    theirs.addBytes(there, 100)
    tell()
    const here = entryOf(ours.take([want(SOURCE)]))
    ours.addBytes(here, 5)
    theirs.addBytes(there, 20)
    tell()
    theirs.addBytes(there, 3)
    theirs.leave(there)
    tell()
    expect(ours.look(SOURCE)).toMatchObject({ held: 1, bytesToday: 128 })
    clock.today++
    theirs.addBytes(entryOf(theirs.take([want(SOURCE)])), 7)
    tell()
    expect(ours.look(SOURCE)).toMatchObject({ held: 2, bytesToday: 7 })
  })

  it('a connection that moves has one place at each step, however late this process is told', () => {
    const table = new OwnCountsTable({ sources: 10, processes: 2, clock })
    const here = table.view(0)
    others = new CountsOfAnother(table.view(1))
    const there = theirs.take([want(PROCESS), want(SOURCE)]).entries!
    theirs.take([want(PROCESS), want(SOURCE)])
    tell()
    const held = () => [here.held(PROCESS), here.held(SOURCE)]
    const adopted = [PROCESS, SOURCE].map((key) => here.adopt(key)!)
    expect(held()).toEqual([2, 2])
    expect(tell()).toEqual([])
    for (const entry of there) theirs.give(entry)
    expect(theirs.held(PROCESS)).toBe(1)
    expect(held()).toEqual([2, 2])
    expect(tell()).toEqual([])
    for (const entry of adopted) here.leave(entry)
    expect(held()).toEqual([1, 1])
    others.clear()
    expect(held()).toEqual([0, 0])
  })

  it('gives back the places of connections that end in the other process beside those that moved', () => {
    const table = new OwnCountsTable({ sources: 10, processes: 2, clock })
    const here = table.view(0)
    others = new CountsOfAnother(table.view(1))
    const [moves, ends] = [1, 2].map(() => entryOf(theirs.take([want(PROCESS)])))
    tell()
    here.adopt(PROCESS)
    theirs.leave(ends!)
    tell()
    expect(here.held(PROCESS)).toBe(1)
    theirs.give(moves!)
    tell()
    expect(here.held(PROCESS)).toBe(1)
    expect(here.adopt(PROCESS)).toBeUndefined()
    others.clear()
    expect(here.held(PROCESS)).toBe(1)
  })

  it('is told only what has changed, and nothing of rates that have recovered', () => {
    theirs.take([want(PROCESS), want(SOURCE, 0, 1)])
    expect(tell()).toHaveLength(2)
    expect(tell()).toEqual([])
    for (let number = 2; number < 5; number++)
      theirs.leave(entryOf(theirs.take([want(sourceKey(number, FRONT), 0, 1)])))
    clock.passMs(1000)
    expect(tell()).toEqual([])
  })

  it('holds as many sources as its own table has room for', () => {
    const many = Array.from({ length: 20 }, (_, number): OthersCount => {
      return { scope: 'process', source: sourceAt(number), held: 1, bytesToday: 0, busyUntil: 0 }
    })
    others.update(many)
    expect([...ours.sources('process')]).toHaveLength(10)
  })
})

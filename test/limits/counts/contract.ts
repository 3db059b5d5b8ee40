/** What every table of counts must do, whichever memory it is in. The clock moves only when a test moves it. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Counts, CountsClock, Key, Taken, Want } from '../../../src/limits/counts/counts.js'
import { sourceOf } from '../../../src/source.js'

export interface TableOptions {
  readonly sources: number
  readonly scopes: number
  readonly workers: number
  readonly clock: CountsClock
}

export interface Table {
  view(worker: number): Counts
  reclaim(worker: number): void
  close(): void
}

export class TestClock implements CountsClock {
  ns = 1e12
  today = 20_000
  now = (): number => this.ns
  day = (): number => this.today
  passMs(ms: number): void {
    this.ns += ms * 1e6
  }
}

export const sourceAt = (number: number) =>
  sourceOf(
    { kind: 'tcp', host: `10.0.${number >> 8}.${number & 255}`, port: 1 },
    { prefix4: 32, prefix6: 64 },
  )
export const want = (key: Key, most = 0, perSecond = 0, burst = 1): Want => ({ key, most, perSecond, burst })
export const PROCESS: Key = { scope: 'process' }
export const sourceKey = (number: number, scope = 'process'): Key => ({ scope, source: sourceAt(number) })

/** The one entry that was taken. */
export function entryOf(taken: Taken): number {
  const [entry] = taken.entries ?? []
  if (entry === undefined) throw new Error(`nothing was taken: ${JSON.stringify(taken)}`)
  return entry
}

export function describeCounts(name: string, create: (options: TableOptions) => Table): void {
  const tables: Table[] = []
  afterEach(() => {
    for (const table of tables.splice(0)) table.close()
  })
  const clock = new TestClock()
  const open = (options: Partial<TableOptions> = {}): Table => {
    const table = create({ sources: 4, scopes: 4, workers: 2, clock, ...options })
    tables.push(table)
    return table
  }

  describe(`${name}: places`, () => {
    it(`${name} counts the places of all processes, and refuses one more than the limit`, () => {
      const table = open()
      const [a, b] = [table.view(0), table.view(1)]
      const [first] = [a.take([want(PROCESS, 2)]), b.take([want(PROCESS, 2)])]
      expect(a.take([want(PROCESS, 2)])).toEqual({ refused: 0, why: 'connections' })
      expect([a.held(PROCESS), b.held(PROCESS), b.held({ scope: 'other' })]).toEqual([2, 2, 0])
      a.leave(entryOf(first))
      expect(b.take([want(PROCESS, 2)]).entries).toHaveLength(1)
    })

    it(`${name} gives a place to another table, and takes over the places of its last process`, () => {
      const table = open()
      const [own, last] = [table.view(0), table.view(1)]
      const entry = entryOf(last.take([want(PROCESS)]))
      expect(own.adopt({ scope: 'other' })).toBeUndefined()
      expect(last.adopt(PROCESS)).toBeUndefined()
      expect(own.adopt(PROCESS)).toBe(entry)
      expect(own.adopt(PROCESS)).toBeUndefined()
      expect(own.held(PROCESS)).toBe(1)
      last.leave(entry)
      expect(own.look(PROCESS)).toMatchObject({ held: 1, given: 0, newPerSecond: 1 })
      own.give(entry)
      own.give(entry)
      expect(own.look(PROCESS)).toMatchObject({ held: 0, given: 1 })
    })

    it(`${name} takes nothing if one of several wants refuses, and says which one it is`, () => {
      const counts = open().view(0)
      const wants = [want(PROCESS, 9, 1), want(sourceKey(1), 1), want({ scope: 'cluster/a' }, 9)]
      const { entries = [] } = counts.take(wants)
      expect(new Set(entries).size).toBe(3)
      clock.passMs(1000)
      expect(counts.take(wants)).toEqual({ refused: 1, why: 'connections' })
      expect(counts.held(PROCESS)).toBe(1)
      // The refused call did not use up the rate of the first want.
      expect(counts.take([want(PROCESS, 9, 1)]).entries).toHaveLength(1)
    })

    it(`${name} counts a source in each scope by itself`, () => {
      const counts = open().view(0)
      for (const scope of ['process', 'listener/a', 'listener/b'])
        expect(counts.take([want(sourceKey(1, scope), 1)]).entries).toHaveLength(1)
      expect(counts.take([want(sourceKey(1, 'listener/a'), 1)]).why).toBe('connections')
    })

    it(`${name} takes a place without a limit, and gives nothing back twice or for others`, () => {
      const table = open()
      const [a, b] = [table.view(0), table.view(1)]
      const entry = entryOf(a.take([want(PROCESS)]))
      for (const worker of [b, a, a]) worker.leave(entry)
      for (const wrong of [-1, 99_999_999, 1.5, Number.NaN]) a.leave(wrong)
      expect(a.held(PROCESS)).toBe(0)
    })
  })

  describe(`${name}: rates`, () => {
    it(`${name} lets a burst through at once, then places at the rate`, () => {
      const table = open()
      const takers = [table.view(0), table.view(1)]
      const limited = want(PROCESS, 0, 2, 3)
      const tries = (count: number): number =>
        Array.from({ length: count }, (_, i) => takers[i & 1]!.take([limited])).filter(
          ({ entries }) => entries !== undefined,
        ).length
      expect(tries(10)).toBe(3)
      clock.passMs(499)
      expect(tries(10)).toBe(0)
      clock.passMs(1)
      expect(tries(10)).toBe(1)
      clock.passMs(1000)
      expect(tries(10)).toBe(2)
      clock.passMs(60_000)
      expect(tries(10)).toBe(3)
      expect(takers[0]!.take([limited])).toEqual({ refused: 0, why: 'rate' })
    })

    it(`${name} keeps to a rate below one a second`, () => {
      const counts = open().view(0)
      const slow = [want(PROCESS, 0, 0.1)]
      expect(counts.take(slow).entries).toHaveLength(1)
      clock.passMs(9999)
      expect(counts.take(slow).why).toBe('rate')
      clock.passMs(1)
      expect(counts.take(slow).entries).toHaveLength(1)
    })

    it(`${name} lets places be taken soon after a slow rate was raised`, () => {
      const counts = open().view(0)
      for (let taken = 0; taken < 100; taken++) counts.take([want(PROCESS, 0, 0.1, 100)])
      expect(counts.take([want(PROCESS, 0, 0.1, 100)]).why).toBe('rate')
      const raised = [want(PROCESS, 0, 100, 100)]
      expect(counts.take(raised).why).toBe('rate')
      clock.passMs(1010)
      expect(counts.take(raised).entries).toHaveLength(1)
    })
  })

  describe(`${name}: room for sources`, () => {
    it(`${name} forgets the source that is idle for the longest time, and never one that holds a place`, () => {
      const counts = open().view(0)
      const entries = [1, 2, 3, 4].map((number) => entryOf(counts.take([want(sourceKey(number))])))
      expect(counts.take([want(sourceKey(5))])).toEqual({ refused: 0, why: 'full-table' })
      counts.leave(entries[2]!)
      counts.leave(entries[0]!)
      expect(counts.take([want(sourceKey(5))]).entries).toHaveLength(1)
      const known = Array.from(counts.sources('process'), ({ source }) => source)
      expect(known.sort()).toEqual([1, 2, 4, 5].map((number) => sourceAt(number)).sort())
    })

    it(`${name} does not forget a source whose rate has not recovered`, () => {
      const counts = open({ sources: 1 }).view(0)
      counts.leave(entryOf(counts.take([want(sourceKey(1), 0, 1)])))
      expect(counts.take([want(sourceKey(2), 0, 1)]).why).toBe('full-table')
      clock.passMs(1000)
      expect(counts.take([want(sourceKey(2), 0, 1)]).entries).toHaveLength(1)
    })

    it(`${name} does not forget a source that has bytes of today`, () => {
      const counts = open({ sources: 1 }).view(0)
      const entry = entryOf(counts.take([want(sourceKey(1))]))
      expect([counts.addBytes(entry, 7), counts.addBytes(entry, 5e9)]).toEqual([7, 5e9 + 7])
      counts.leave(entry)
      expect(counts.take([want(sourceKey(2))]).why).toBe('full-table')
      clock.today++
      expect(counts.take([want(sourceKey(2))]).entries).toHaveLength(1)
    })

    it(`${name} remembers nothing of a source that it refused`, () => {
      const counts = open().view(0)
      counts.take([want(PROCESS, 1)])
      for (let number = 0; number < 20; number++)
        expect(counts.take([want(sourceKey(number)), want(PROCESS, 1)]).refused).toBe(1)
      expect([...counts.sources('process')]).toEqual([])
    })

    it(`${name} keeps the room for scopes apart from that for sources`, () => {
      const counts = open({ sources: 1, scopes: 1 }).view(0)
      expect(counts.take([want(PROCESS), want(sourceKey(1))]).entries).toHaveLength(2)
      expect(counts.take([want({ scope: 'listener/a' })])).toEqual({ refused: 0, why: 'full-table' })
    })

    it(`${name} does not forget a source for another one of the same call`, () => {
      const counts = open({ sources: 1 }).view(0)
      counts.leave(entryOf(counts.take([want(sourceKey(1))])))
      expect(counts.take([want(sourceKey(1)), want(sourceKey(2))])).toEqual({
        refused: 1,
        why: 'full-table',
      })
      expect(counts.take([want(sourceKey(1))]).entries).toHaveLength(1)
    })
  })

  describe(`${name}: figures`, () => {
    it(`${name} lists the sources of a scope with their places, their new ones and their bytes`, () => {
      const table = open()
      const [a, b] = [table.view(0), table.view(1)]
      clock.ns = 2e12
      const entry = entryOf(a.take([want(sourceKey(1))]))
      b.take([want(sourceKey(1))])
      a.addBytes(entry, 100)
      a.leave(entry)
      const listed = () => [...b.sources('process')]
      expect(listed()).toMatchObject([{ source: sourceAt(1), held: 1, newPerSecond: 2, bytesToday: 100 }])
      clock.passMs(1500)
      clock.today++
      expect(listed()).toMatchObject([{ source: sourceAt(1), held: 1, newPerSecond: 1, bytesToday: 0 }])
      clock.passMs(1000)
      expect(listed()).toMatchObject([{ source: sourceAt(1), held: 1, newPerSecond: 0, bytesToday: 0 }])
      expect([...b.sources('listener/a')]).toEqual([])
    })

    it(`${name} adds up what all processes ask for`, () => {
      const table = open()
      const [a, b] = [table.view(0), table.view(1)]
      const [ofA, ofB] = [entryOf(a.take([want(PROCESS)])), entryOf(b.take([want(PROCESS)]))]
      expect([a.demand(ofA, 10), b.demand(ofB, 4294967295), a.demand(ofA, 1)]).toEqual([
        10, 4294967305, 4294967296,
      ])
      b.leave(ofB)
      expect([a.demand(ofA, 2), b.demand(ofB, 5)]).toEqual([2, 0])
    })
  })

  describe(`${name}: what another table has counted`, () => {
    it(`${name} goes on with the rate and the bytes that another table tells`, () => {
      const [theirs, ours] = [open().view(0), open().view(0)]
      const wants = [want(PROCESS, 0, 1, 2), want(sourceKey(1), 0, 1, 2)]
      const [, entry] = theirs.take(wants).entries!
      theirs.take(wants)
      theirs.addBytes(entry!, 100)
      for (const { key } of wants) ours.add(key, theirs.look(key)!)
      expect([ours.take(wants), ours.take([wants[1]!])]).toEqual(Array(2).fill({ refused: 0, why: 'rate' }))
      expect(ours.look(PROCESS)).toMatchObject({ held: 0, newPerSecond: 0 })
      clock.passMs(1000)
      const [, again] = ours.take(wants).entries!
      expect(ours.addBytes(again!, 1)).toBe(101)
      ours.add(sourceKey(1), { busyUntil: 0, bytesToday: 9 })
      expect(ours.look(sourceKey(1))).toMatchObject({ held: 1, bytesToday: 110 })
      expect(ours.look(sourceKey(2))).toBeUndefined()
    })

    it(`${name} does not forget a source that was added before its rate has recovered, and has no room for more`, () => {
      const counts = open({ sources: 1 }).view(0)
      counts.add(sourceKey(1), { busyUntil: clock.now() + 1e9, bytesToday: 0 })
      counts.add(sourceKey(2), { busyUntil: clock.now() + 1e9, bytesToday: 0 })
      expect(Array.from(counts.sources('process'), ({ source }) => source)).toEqual([sourceAt(1)])
      clock.passMs(1000)
      expect(counts.take([want(sourceKey(2))]).entries).toHaveLength(1)
    })
  })

  describe(`${name}: processes that are gone`, () => {
    it(`${name} gives back what a process held, and keeps what others hold`, () => {
      const table = open()
      const [a, b] = [table.view(0), table.view(1)]
      for (const counts of [a, a, b]) counts.take([want(PROCESS), want(sourceKey(1), 9)])
      a.demand(entryOf(a.take([want(PROCESS)])), 10)
      table.reclaim(0)
      expect([b.held(PROCESS), b.held(sourceKey(1))]).toEqual([1, 1])
      expect(b.demand(entryOf(b.take([want(PROCESS)])), 1)).toBe(1)
      table.reclaim(1)
      expect(a.held(PROCESS)).toBe(0)
      // The source is idle, so others find room.
      for (let number = 2; number <= 5; number++)
        expect(a.take([want(sourceKey(number))]).entries).toHaveLength(1)
    })
  })
}

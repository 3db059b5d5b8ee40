/** The table of the addon, the simulated one and the one in own memory answer alike, whatever they are asked. */
import { closeSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadNative } from '../../../src/io/kernel/native.js'
import type { NativeCountsTables } from '../../../src/io/kernel/native-counts-tables.js'
import type { Counts } from '../../../src/limits/counts/counts.js'
import { OwnCountsTable } from '../../../src/limits/counts/own-counts.js'
import { SharedCounts } from '../../../src/limits/counts/shared-counts.js'
import { CountsTables } from '../../simulation/addon/counts-tables.js'
import { Machine } from '../../simulation/kernel/machine.js'
import { type Table, TestClock } from './contract.js'
import { type Action, actions, carryOut } from './script.js'

const SIZE = { sources: 3, scopes: 3, workers: 3 }
const { native } = loadNative()

function shared(addon: NativeCountsTables, clock: TestClock): Table {
  const fd = addon.createCounts(SIZE.sources, SIZE.scopes, SIZE.workers)
  const views = Array.from({ length: SIZE.workers }, (_, at) => new SharedCounts(addon, fd, at, clock))
  return {
    view: (worker): Counts => views[worker]!,
    reclaim: (worker) => void views[0]!.reclaim(worker),
    close: () => {
      if (addon === native) closeSync(fd)
      for (const view of views) view.close()
    },
  }
}

function own(clock: TestClock): Table {
  const table = new OwnCountsTable({ ...SIZE, processes: SIZE.workers, clock })
  return { view: (worker) => table.view(worker), reclaim: (worker) => table.reclaim(worker), close: () => {} }
}

function play(create: (clock: TestClock) => Table, script: readonly Action[]): unknown[] {
  const clock = new TestClock()
  const table = create(clock)
  try {
    return carryOut(table, clock, script)
  } finally {
    table.close()
  }
}

const seed = Number(process.env.MILLRACE_SEED ?? 1)

test('a simulated table answers every script as a table in own memory does', () => {
  fc.assert(
    fc.property(actions(SIZE.workers), (script) => {
      expect(play((clock) => shared(new CountsTables(new Machine()), clock), script)).toEqual(
        play(own, script),
      )
    }),
    { seed, numRuns: 300 },
  )
})

test.runIf(native !== undefined)(
  'the table of the addon answers every script as one in own memory does',
  () => {
    fc.assert(
      fc.property(actions(SIZE.workers), (script) => {
        expect(play((clock) => shared(native!, clock), script)).toEqual(play(own, script))
      }),
      { seed, numRuns: 1000 },
    )
  },
)

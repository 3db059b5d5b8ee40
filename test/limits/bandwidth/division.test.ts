/** A rate that two processes share, with a clock that the test moves. */
import { describe, expect, test } from 'vitest'
import { Division } from '../../../src/limits/bandwidth/division.js'
import { SharedLimit } from '../../../src/limits/bandwidth/shared-limit.js'
import type { Counts } from '../../../src/limits/counts/counts.js'
import { awake, Sender, TICK_MS } from './sender.js'

const MIB = 1024 * 1024
const RATE = 10 * MIB
const LOOK_MS = 100
const OWNER = { scope: 'listener/front', source: undefined }

/** The demands of several processes, by entry. */
class Table {
  readonly #demands: number[][] = []
  /** What it gives to one process. */
  isFull = false

  process(): Counts {
    const own: number[] = []
    this.#demands.push(own)
    return {
      isShared: true,
      take: () => (this.isFull ? { refused: 0, why: 'full-table' } : { entries: [0, 1] }),
      leave: (entry) => {
        own[entry] = 0
      },
      give: () => {},
      adopt: () => undefined,
      held: () => 0,
      look: () => undefined,
      add: () => {},
      addBytes: () => 0,
      demand: (entry, amount) => {
        own[entry] = amount
        return this.#demands.reduce((sum, each) => sum + (each[entry] ?? 0), 0)
      },
      sources: () => [],
    }
  }
}

class Process {
  readonly limit = new SharedLimit(RATE, 0)
  readonly division: Division
  readonly senders: Sender[]

  constructor(table: Table, bulk: number, processes: number) {
    this.division = new Division(table.process(), OWNER, 'down', this.limit)
    this.limit.setRate(RATE / processes, 0)
    this.senders = Array.from({ length: bulk }, () => new Sender(this.limit, Number.MAX_SAFE_INTEGER))
    for (const sender of this.senders) sender.run(0)
  }

  get sent(): number {
    return this.senders.reduce((sum, { sent }) => sum + sent, 0)
  }
}

/** Lets `ms` pass. Returns what all processes sent in it. */
function play(processes: readonly Process[], ms: number, each?: (now: number) => void, from = 0): number {
  const before = processes.reduce((sum, { sent }) => sum + sent, 0)
  for (let now = from + TICK_MS; now <= from + ms; now += TICK_MS) {
    each?.(now)
    for (const { limit, division } of processes) {
      if (now % LOOK_MS === 0) division.look(LOOK_MS, now)
      limit.handOut(now)
      for (const sender of awake.splice(0)) sender.run(now)
    }
  }
  return processes.reduce((sum, { sent }) => sum + sent, 0) - before
}

const near = (value: number, wanted: number): void => {
  expect(value / wanted).toBeGreaterThan(0.95)
  expect(value / wanted).toBeLessThan(1.05)
}

describe('a rate that two processes share', () => {
  test('two processes use the rate together, and each direction in them gets the same', () => {
    const table = new Table()
    const [a, b] = [new Process(table, 3, 2), new Process(table, 1, 2)]
    near(play([a, b], 10_000), 10 * RATE)
    near(a.sent / 3, b.sent)
  })

  test('a process in which nobody sends leaves its part to the other one', () => {
    const table = new Table()
    const [a, b] = [new Process(table, 2, 2), new Process(table, 0, 2)]
    near(play([a, b], 10_000), 10 * RATE)
  })

  test('a process that sends less than its part keeps that, and the other one gets the rest', () => {
    const table = new Table()
    const [slow, fast] = [new Process(table, 0, 2), new Process(table, 2, 2)]
    const steady = new Sender(slow.limit, 0)
    play([slow, fast], 10_000, (now) => {
      steady.backlog += (RATE * 0.2 * TICK_MS) / 1000
      if (!steady.share.isWaiting) steady.run(now)
    })
    near(steady.sent, 2 * RATE)
    expect(fast.sent).toBeGreaterThan(7 * RATE)
    expect(fast.sent + steady.sent).toBeLessThan(10.3 * RATE)
  })

  test('a process that leaves, as a killed one does, leaves its part', () => {
    const table = new Table()
    const [a, b] = [new Process(table, 1, 2), new Process(table, 1, 2)]
    play([a, b], 1000)
    b.division.end()
    near(play([a], 10_000, undefined, 1000), 10 * RATE)
  })

  test('a process without an entry in a full table has the least part of the rate', () => {
    const table = new Table()
    table.isFull = true
    const alone = new Process(table, 1, 2)
    play([alone], 1000)
    expect(play([alone], 10_000, undefined, 1000)).toBeLessThan((10 * RATE) / 32)
  })
})

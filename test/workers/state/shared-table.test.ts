import { expect, test } from 'vitest'
import { validateConfig } from '../../../src/config/validate.js'
import { SharedCounts } from '../../../src/limits/counts/shared-counts.js'
import type { Log } from '../../../src/observe/log/log.js'
import { SharedTable } from '../../../src/workers/state/shared-table.js'
import { PROCESS, want } from '../../limits/counts/contract.js'
import { CountsTables } from '../../simulation/addon/counts-tables.js'
import { Machine } from '../../simulation/kernel/machine.js'

const config = validateConfig({
  workers: 2,
  listeners: [{ address: '127.0.0.1:1', cluster: 'web' }],
  clusters: { web: { backends: [{ address: '127.0.0.1:2', maxConnections: 5 }] } },
})

function logTo(lines: string[]): Log {
  const note = (_: object, message: string): void => void lines.push(message)
  return { warn: note, error: note } as unknown as Log
}

test('what a worker held is given back when it is gone', () => {
  const tables = new CountsTables(new Machine())
  const table = new SharedTable(tables, config, logTo([]))
  const seat = table.seatOf(1)
  expect(seat).toEqual({ worker: 1, workers: 2, sources: 100_000, isShared: true })
  const [first, second] = [0, 1].map((worker) => new SharedCounts(tables, table.fd!, worker))
  for (const counts of [first!, first!, second!]) counts.take([want(PROCESS)])
  table.gone(0)
  expect(table.counts!.held(PROCESS)).toBe(1)
  table.gone(1)
  expect(table.counts!.held(PROCESS)).toBe(0)
})

test('if the kernel gives no memory, each worker has its part, and the log says both', () => {
  const lines: string[] = []
  const tables = Object.assign(new CountsTables(new Machine()), { createCounts: () => -12 })
  const table = new SharedTable(tables, config, logTo(lines))
  table.takeUp(config)
  expect(table.seatOf(0).isShared).toBe(false)
  expect(lines).toEqual([
    'the kernel gives no memory for a table that all workers share',
    'workers cannot count together: each has its part of every limit',
  ])
})

import { expect, test } from 'vitest'
import type { Limit } from '../../src/limits/limit.js'
import type { NoPlace } from '../../src/limits/limiter.js'
import { causeOf, mostOf, namesOf } from '../../src/limits/no-place.js'
import type { SourceLimits } from '../../src/limits/policy.js'

const PER_SOURCE: SourceLimits = {
  prefix4: 32,
  prefix6: 64,
  maxConnections: 3,
  newPerSecond: undefined,
  bytesPerSecond: undefined,
  bytesPerDay: 1000,
}

function limitOf(scope: string, perSource?: SourceLimits): Limit {
  const want = { key: { scope }, most: 3, perSecond: 2, burst: 1 }
  return { scope, perSource, policy: { whenFull: 'refuse', dryRun: false }, want, key: scope }
}

function toldOf(limit: Limit, why: NoPlace['why']): unknown[] {
  const noPlace = { limit, why }
  const { refusal, title } = namesOf(noPlace)
  return [causeOf(noPlace), refusal, title, mostOf(noPlace)]
}

test('records, status and log say the same of a scope that has no place', () => {
  const limit = limitOf('listener/a/b')
  expect((['connections', 'rate', 'full-table'] as const).map((why) => toldOf(limit, why))).toEqual([
    ['limit: listener connections', 'connections', 'maxConnections', 3],
    ['limit: listener rate', 'rate', 'newPerSecond', 2],
    ['limit: listener table-full', 'table-full', 'the limit of scopes', undefined],
  ])
})

test('records, status and log say the same of a source that has no place', () => {
  const limit = limitOf('process', PER_SOURCE)
  const reasons = ['connections', 'rate', 'bytes-today', 'full-table'] as const
  expect(reasons.map((why) => toldOf(limit, why))).toEqual([
    ['source-limit: connections (process)', 'source-connections', 'perSource.maxConnections', 3],
    ['source-limit: rate (process)', 'source-rate', 'perSource.newPerSecond', 2],
    ['source-limit: bytes-today (process)', 'bytes-today', 'perSource.bytesPerDay', 1000],
    ['source-limit: table-full (process)', 'table-full', 'limits.sources', undefined],
  ])
})

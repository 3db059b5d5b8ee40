/** The types of what a program sees and does while its proxy runs. The compiler is the test. */
import { expectTypeOf, it } from 'vitest'
import type {
  ConnectionInfo,
  ConnectionLimit,
  LiveConnection,
  PipeTotals,
  Proxy,
  RateOrder,
} from '../../src/index.js'

it('a live connection has exactly these members', () => {
  expectTypeOf<LiveConnection>().toEqualTypeOf<{
    readonly id: string
    readonly isOpen: boolean
    facts(): ConnectionInfo | undefined
    totals(): PipeTotals
    limit(order: ConnectionLimit): boolean
    end(): boolean
    kill(): boolean
  }>()
  expectTypeOf<ConnectionLimit>().toEqualTypeOf<{ readonly bytesPerSecond: number | RateOrder }>()
  expectTypeOf<Proxy['connections']>().toEqualTypeOf<() => Iterable<LiveConnection>>()
})

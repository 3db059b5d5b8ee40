import { expect, it } from 'vitest'
import { forgetLongestGone } from '../../../src/cluster/left.js'
import { SharedRates } from '../../../src/limits/bandwidth/shared-rates.js'

const RATE = { up: 1000, down: 0 }
const ownerOf = (index: number) => ({ scope: `listener/${index}`, source: undefined })

it('counts of rates that are in no config are forgotten after a hundred others, unless a connection has the rate', () => {
  const rates = new SharedRates()
  for (let index = 0; index < 150; index++) {
    rates.take(ownerOf(index), RATE, 0)
    if (index > 0) rates.give(ownerOf(index))
  }
  const isInConfig = (scope: string) => scope === 'listener/1'
  const forget = () =>
    forgetLongestGone(rates.tallies, (tally) =>
      rates.isInUse(tally, (scope) => (isInConfig(scope) ? RATE : undefined)),
    )
  forget()
  const scopes = rates.status().map(({ scope }) => scope)
  expect(scopes).toHaveLength(100)
  expect(scopes.slice(0, 3)).toEqual(['listener/0', 'listener/1', 'listener/52'])
  rates.give(ownerOf(0))
  rates.take(ownerOf(150), RATE, 0)
  forget()
  expect(rates.status().map(({ scope }) => scope)).not.toContain('listener/0')
})

const OWNER = ownerOf(0)

it('a direction that gets a rate while connections share the other one has it from then on', () => {
  const rates = new SharedRates()
  const first = rates.take(OWNER, { up: 2000, down: 0 }, 0)
  expect([first.up?.bytesPerSecond, first.down]).toEqual([2000, undefined])
  const { up, down } = rates.take(OWNER, { up: 2000, down: 3000 }, 0)
  expect([up === first.up, down?.bytesPerSecond]).toEqual([true, 3000])
})

it('another config changes the rate of those who have it, and a rate that is gone holds nobody back', () => {
  const rates = new SharedRates()
  const { up } = rates.take(OWNER, { up: 2000, down: 0 }, 0)
  rates.setRates(() => ({ up: 5000, down: 0 }), 0)
  expect(up?.bytesPerSecond).toBe(5000)
  rates.setRates(() => undefined, 0)
  expect(up?.bytesPerSecond).toBeGreaterThan(1e12)
})

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

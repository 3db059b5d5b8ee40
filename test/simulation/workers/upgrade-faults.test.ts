/**
 * Faults of an upgrade are put back one by one. With each of them some story of upgrades must break a rule. The log tells the seed at
 * which each fault is found.
 */
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { CountsOfAnother } from '../../../src/limits/counts/counts-of-another.js'
import { HandOver, loadReadBatch } from '../../../src/proxy/hand-over/hand-over.js'
import { WorkersSuccession } from '../../../src/upgrade/several.js'
import { findFailure } from '../simulate.js'
import { upgradeStories } from './upgrade-story.js'

/** The most stories that are played until a fault is found. */
const MOST_SEEDS = 500
const LONGEST_MS = 240_000

const FAULTS: readonly { fault: string; rules: readonly string[]; putBack: () => void }[] = [
  {
    fault: 'the predecessor goes on accepting while the successor begins',
    rules: ['one side accepts'],
    putBack: () => void vi.spyOn(WorkersSuccession.prototype, 'pause').mockResolvedValue(),
  },
  {
    fault: 'no connection moves',
    rules: ['an upgrade ends no connection'],
    putBack: () => void vi.spyOn(HandOver.prototype, 'give').mockResolvedValue(0),
  },
  {
    fault: 'places of a predecessor that is gone are not given back',
    rules: ['no place is lost', 'nothing is left'],
    putBack: () => {
      vi.spyOn(CountsOfAnother.prototype, 'clear').mockImplementation(() => {})
      const { update } = CountsOfAnother.prototype
      vi.spyOn(CountsOfAnother.prototype, 'update').mockImplementation(function (
        this: CountsOfAnother,
        counted,
      ) {
        update.call(
          this,
          counted.filter(({ held }) => held > 0),
        )
      })
    },
  },
]

describe('the simulation of upgrades', () => {
  beforeAll(loadReadBatch)
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test.each(FAULTS)(
    'some story of upgrades breaks a rule when this fault is put back: $fault',
    { timeout: LONGEST_MS },
    async ({ fault, rules, putBack }) => {
      putBack()
      const found = await findFailure(upgradeStories, 1, MOST_SEEDS)
      console.log(`${fault}: seed ${found?.seed}, ${found?.failure.message}`)
      expect(rules).toContain(found?.failure.rule)
    },
  )
})

/**
 * Stories of upgrades on a simulated machine: a supervisor takes the place of another one, again and again. Processes of both die or
 * hang at any time. No rule is broken. MILLRACE_UPGRADE_SEEDS is the number of stories, and MILLRACE_FIRST_SEED the first seed
 * (`npm run simulate`).
 */
import { expect, test } from 'vitest'
import { loadReadBatch } from '../../../src/proxy/hand-over/hand-over.js'
import { explain, findFailure } from '../simulate.js'
import { upgradeStories } from './upgrade-story.js'

const FIRST = Number(process.env.MILLRACE_FIRST_SEED ?? 1)
const SEEDS = Number(process.env.MILLRACE_UPGRADE_SEEDS ?? 40)
/** The time limit for a thousand stories (ms). They usually take a part of it. */
const MOST_MS_PER_THOUSAND = 480_000

test(
  `stories of upgrades with seeds ${FIRST} to ${FIRST + SEEDS - 1} break no rule`,
  async () => {
    // In a story nothing is loaded from the disk.
    await loadReadBatch()
    const found = await findFailure(upgradeStories, FIRST, SEEDS)
    expect(found && (await explain(upgradeStories, found))).toBeUndefined()
  },
  60_000 + SEEDS * (MOST_MS_PER_THOUSAND / 1000),
)

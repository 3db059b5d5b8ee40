/**
 * Stories of a supervisor and its workers on a simulated machine: whenever workers die, hang or cannot be had, and
 * whatever operators order meanwhile, no rule is broken. MILLRACE_WORKER_SEEDS says how many, MILLRACE_FIRST_SEED from
 * which on (`npm run simulate`).
 */
import { expect, test } from 'vitest'
import { explain, findFailure } from '../simulate.js'
import { workerStories } from './story.js'

const FIRST = Number(process.env.MILLRACE_FIRST_SEED ?? 1)
const SEEDS = Number(process.env.MILLRACE_WORKER_SEEDS ?? 300)
/** Of a thousand stories (ms): they take a part of it. */
const MOST_MS_PER_THOUSAND = 240_000

test(
  `stories of workers, of seeds ${FIRST} to ${FIRST + SEEDS - 1}, break no rule`,
  async () => {
    const found = await findFailure(workerStories, FIRST, SEEDS)
    expect(found && (await explain(workerStories, found))).toBeUndefined()
  },
  60_000 + SEEDS * (MOST_MS_PER_THOUSAND / 1000),
)

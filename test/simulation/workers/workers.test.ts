/**
 * Stories of a supervisor and its workers on a simulated machine. Workers die, hang or cannot be started at any time, and
 * operators give orders meanwhile. No rule is broken. MILLRACE_WORKER_SEEDS is the number of stories, and
 * MILLRACE_FIRST_SEED the first seed (`npm run simulate`).
 */
import { expect, test } from 'vitest'
import { explain, findFailure } from '../simulate.js'
import { workerStories } from './story.js'

const FIRST = Number(process.env.MILLRACE_FIRST_SEED ?? 1)
const SEEDS = Number(process.env.MILLRACE_WORKER_SEEDS ?? 300)
/** The time limit for a thousand stories (ms). They usually take a part of it. */
const MOST_MS_PER_THOUSAND = 240_000

test(
  `stories of workers with seeds ${FIRST} to ${FIRST + SEEDS - 1} break no rule`,
  async () => {
    const found = await findFailure(workerStories, FIRST, SEEDS)
    expect(found && (await explain(workerStories, found))).toBeUndefined()
  },
  60_000 + SEEDS * (MOST_MS_PER_THOUSAND / 1000),
)

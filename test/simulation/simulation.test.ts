/**
 * Stories of a proxy in a simulated kernel. Whatever clients, backends, operators and the kernel do, in whatever order, no
 * rule is broken. MILLRACE_SEEDS is the number of stories (`npm run simulate -- --seeds N`), MILLRACE_FIRST_SEED the first
 * seed. MILLRACE_ENGINE plays them on one engine only.
 */
import { expect, test } from 'vitest'
import { explain, findFailure, proxyStories } from './simulate.js'
import { asItIs } from './world/conditions.js'

const FIRST = Number(process.env.MILLRACE_FIRST_SEED ?? 1)
const ENGINES = (['kernel', 'stream'] as const).filter(
  (engine) => (process.env.MILLRACE_ENGINE ?? engine) === engine,
)
const SEEDS = Number(process.env.MILLRACE_SEEDS ?? 2000)
/** The time limit for a thousand stories (ms). They usually take a tenth of it. */
const MOST_MS_PER_THOUSAND = 60_000

test.each(ENGINES)(
  `stories of a proxy with seeds ${FIRST} to ${FIRST + SEEDS - 1} break no rule on the %s engine`,
  async (engine) => {
    const stories = proxyStories(asItIs(engine))
    const found = await findFailure(stories, FIRST, SEEDS)
    expect(found && (await explain(stories, found))).toBeUndefined()
  },
  60_000 + SEEDS * (MOST_MS_PER_THOUSAND / 1000),
)

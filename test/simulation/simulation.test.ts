/**
 * Stories of a proxy in a simulated kernel: whatever clients, backends, operators and the kernel do, in whatever order, no
 * rule is broken. MILLRACE_SEEDS says how many (`npm run simulate -- --seeds N`), MILLRACE_FIRST_SEED from which on.
 */
import { expect, test } from 'vitest'
import { NO_FAULTS } from './faults.js'
import { explain, findFailure } from './simulate.js'

const FIRST = Number(process.env.MILLRACE_FIRST_SEED ?? 1)
const SEEDS = Number(process.env.MILLRACE_SEEDS ?? 3000)
/** Of a thousand stories (ms): they take a tenth of it. */
const MOST_MS_PER_THOUSAND = 60_000

test(
  `stories of seeds ${FIRST} to ${FIRST + SEEDS - 1} break no rule`,
  async () => {
    const found = await findFailure(FIRST, SEEDS, NO_FAULTS)
    expect(found && (await explain(found, NO_FAULTS))).toBeUndefined()
  },
  60_000 + SEEDS * (MOST_MS_PER_THOUSAND / 1000),
)

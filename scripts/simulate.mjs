/**
 * `npm run simulate` plays random stories in the simulated world.
 * - `--seeds N` plays the stories of N seeds. Default 100,000.
 * - `--first S` begins with seed S. Default 1.
 * - `--seed S` plays only that seed.
 * - `--engine kernel` or `stream` plays only stories of one proxy on that engine. `--engine workers` plays
 *   only stories of a supervisor and its workers, and `--engine upgrades` only those of two supervisors. Without `--engine` one story in
 *   ten is of each of these kinds.
 *
 * It prints the first story that breaks a rule, with a shortened schedule.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const ROOT = join(import.meta.dirname, '..')
const VITEST = 'node_modules/vitest/vitest.mjs'
const PROXY = 'test/simulation/simulation.test.ts'
const WORKERS = 'test/simulation/workers/workers.test.ts'
const UPGRADES = 'test/simulation/workers/upgrades.test.ts'
const SUITES = new Map([
  ['kernel', [PROXY]],
  ['stream', [PROXY]],
  ['workers', [WORKERS]],
  ['upgrades', [UPGRADES]],
])
/** A story of several processes takes about ten times as long as one of a single proxy. */
const STORIES_PER_STORY_OF_WORKERS = 10
const USUAL_SEEDS = '100000'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    first: { type: 'string' },
    seed: { type: 'string' },
    engine: { type: 'string' },
  },
})
const { engine, ...numbers } = values
const suites = engine === undefined ? [PROXY, WORKERS, UPGRADES] : SUITES.get(engine)
if (suites === undefined) {
  console.error(`--engine: expected kernel, stream, workers or upgrades, found ${engine}`)
  process.exit(2)
}
const first = values.seed ?? values.first ?? '1'
const seeds = values.seed === undefined ? (values.seeds ?? USUAL_SEEDS) : '1'
for (const [name, text] of Object.entries(numbers)) {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    console.error(`--${name}: expected a whole number from 1 on, found ${text}`)
    process.exit(2)
  }
}
const some = String(Math.ceil(seeds / STORIES_PER_STORY_OF_WORKERS))
const env = {
  ...process.env,
  MILLRACE_FIRST_SEED: first,
  MILLRACE_SEEDS: seeds,
  MILLRACE_WORKER_SEEDS: engine === 'workers' ? seeds : some,
  MILLRACE_UPGRADE_SEEDS: engine === 'upgrades' ? seeds : some,
}
if (engine !== undefined) env.MILLRACE_ENGINE = engine
const { status } = spawnSync(process.execPath, [VITEST, 'run', ...suites], {
  cwd: ROOT,
  env,
  stdio: 'inherit',
})
process.exitCode = status ?? 1

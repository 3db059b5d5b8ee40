/**
 * `npm run mutants`: shows whether each test can fail. It changes one decision at a time in copies of the
 * checkout, as listed in lists/. Then it runs the nearest tests, which must fail.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readOrExit } from '../usage.mjs'
import { Copy } from './copy.mjs'
import { judge } from './judge.mjs'
import { killAll } from './limited.mjs'
import { choose, readLists } from './list.mjs'
import { lineOf, summaryOf } from './report.mjs'

const USAGE = `npm run mutants [-- OPTIONS]
  --only NAME…  mutants by id (src/pipe/ends.ts#1), or all of a file or folder
  --jobs N      how many at a time; default: as many as there are processors`
const ROOT = join(import.meta.dirname, '../..')

const { mutants, jobs } = readOrExit(process.argv.slice(2), USAGE, readArguments)
const copies = Array.from({ length: Math.min(jobs, mutants.length) }, () => new Copy(ROOT))
process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
process.once('exit', () => {
  killAll()
  for (const copy of copies) copy.remove()
})
const verdicts = await judge(mutants, copies, (verdict) => console.log(lineOf(verdict)))
console.log(summaryOf(verdicts))
process.exitCode = verdicts.every(({ kind }) => kind === 'found') ? 0 : 1

/** Throws an error that says what is wrong. */
function readArguments(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { only: { type: 'string', multiple: true, default: [] }, jobs: { type: 'string' } },
  })
  if (positionals.length > 0 && values.only.length === 0)
    throw new Error(`"${positionals[0]}" is not an option`)
  const jobs = Number(values.jobs ?? availableParallelism())
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs must be 1 or more, not "${values.jobs}"`)
  return { jobs, mutants: choose(readLists(), [...values.only, ...positionals]) }
}

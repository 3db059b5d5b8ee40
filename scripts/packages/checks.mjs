/**
 * Runs the checks of one kind of package, one after the other, and prints a line for each. A check throws if
 * the package is wrong. If it needs a program that is missing here, it is skipped. In CI that is a failure.
 */
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

const MOST_OUTPUT_BYTES = 64 * 1024 * 1024
/** A check that takes longer hangs. */
const MOST_MS = 120_000

/**
 * A check: `name` is a sentence, `programs` are the programs that it needs, with the packages of Debian that
 * have them (`{ 'musl-gcc': 'musl-tools' }`), and `run` returns what to print behind the name, or nothing. If
 * a check with `isNeeded` fails, those after it are not run.
 */
export async function runChecks(kind, checks) {
  let failed = 0
  for (const check of checks) {
    if (await runCheck(kind, check)) continue
    failed++
    if (check.isNeeded) break
  }
  console.log(
    `packages, ${kind}: ${failed === 0 ? `all ${checks.length} checks passed` : `${failed} failed`}`,
  )
  return failed === 0
}

async function runCheck(kind, { name, programs = {}, run }) {
  const began = Date.now()
  const missing = Object.keys(programs).filter((program) => !isInstalled(program))
  if (missing.length > 0) {
    const remedy = `apt-get install ${missing.map((program) => programs[program]).join(' ')}`
    const isFailure = process.env.CI === 'true'
    console.log(
      `${isFailure ? 'FAILED' : 'skipped'} ${kind}: ${name}: no ${missing.join(', no ')} (${remedy})`,
    )
    return !isFailure
  }
  try {
    const told = await run()
    const seconds = ((Date.now() - began) / 1000).toFixed(1)
    console.log(`ok     ${kind}: ${name}${told === undefined ? '' : `: ${told}`} (${seconds} s)`)
    return true
  } catch (error) {
    console.log(`FAILED ${kind}: ${name}\n${indent(error.stack)}`)
    return false
  }
}

const isInstalled = (program) => spawnSync(program, ['--version']).error?.code !== 'ENOENT'

const indent = (text) => text.replace(/^/gm, '       | ')

const execute = promisify(execFile)

/** Runs a program to its end. Returns its stdout. Throws what it printed if it failed. */
export async function output(program, args, options = {}) {
  try {
    const { stdout } = await execute(program, args, {
      encoding: 'utf8',
      maxBuffer: MOST_OUTPUT_BYTES,
      timeout: MOST_MS,
      ...options,
    })
    return stdout
  } catch (error) {
    const ended = error.killed ? `took longer than ${MOST_MS} ms` : `ended with ${error.code ?? error.signal}`
    throw new Error(`${program} ${args.join(' ')} ${ended}\n${error.stdout ?? ''}${error.stderr ?? ''}`)
  }
}

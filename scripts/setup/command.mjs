/**
 * Runs the tools of the other files here, and writes to the user. The output of a tool is shown only if the
 * tool failed, so a first start prints one line for each step, not a page of other people's warnings.
 */
import { spawnSync } from 'node:child_process'

const MOST_OUTPUT_BYTES = 64 * 1024 * 1024

/** A step failed, and the user has seen the reason. */
export class StepFailed extends Error {}

/** Writes one line to stderr, because stdout belongs to the program that is started afterwards. */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`)
}

/** Runs a program to its end. Returns whether it succeeded, and all that it printed. */
export function runQuietly(program, args, options) {
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: MOST_OUTPUT_BYTES,
    ...options,
  })
  const trouble = result.error === undefined ? '' : `${result.error.message}\n`
  return { succeeded: result.status === 0, output: `${result.stdout ?? ''}${result.stderr ?? ''}${trouble}` }
}

/** Shows what a failed tool printed, then ends the step. */
export function fail(line, output) {
  process.stderr.write(output.endsWith('\n') ? output : `${output}\n`)
  say(line)
  throw new StepFailed(line)
}

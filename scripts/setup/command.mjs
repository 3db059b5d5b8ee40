/**
 * Runs the tools of the other files here and speaks to the user. A tool's output is kept back and shown only
 * if the tool failed: a first start prints a line per step, not a page of warnings that are not ours.
 */
import { spawnSync } from 'node:child_process'

const MOST_OUTPUT_BYTES = 64 * 1024 * 1024

/** A step that did not work, and whose reason the user has been shown. */
export class StepFailed extends Error {}

/** One line on stderr: stdout belongs to what is started afterwards. */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`)
}

/** Runs a program to its end; the answer is whether it succeeded, and all it printed. */
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

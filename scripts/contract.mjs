/**
 * `npm run contract`: runs the pipe's contract suite as root and as an unprivileged user, whose kernel pipes
 * have a quota. It runs both under each congestion control in use, in network namespaces of its own. Needs
 * root.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BOTH_CONTROLS } from './bench/loads/load.mjs'
import { networkFor } from './bench/network.mjs'

const ROOT = join(import.meta.dirname, '..')
const SUITE = 'test/pipe/contract.test.ts'
const NOBODY = 65_534
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024
// A user who is not root may not enter every folder above the checkout. So the checkout is also mounted where
// everybody may enter.
const ENTER = 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"'

let passed = true
for (const congestion of BOTH_CONTROLS) {
  // Both users run at once, because each has a quota of kernel pipes of its own.
  const runs = await Promise.all([0, NOBODY].map((user) => run(congestion, user)))
  if (!runs.every(Boolean)) passed = false
}
process.exitCode = passed ? 0 : 1

/** Whether the suite passed. Prints its output at the end. */
async function run(congestion, user) {
  const { reason, load } = networkFor('loopback', congestion)
  if (reason !== undefined || load.namespace === undefined) {
    console.log(`not run under ${congestion}: ${reason ?? 'it needs network namespaces'}`)
    return false
  }
  const place = mkdtempSync(join(tmpdir(), 'millrace-contract-'))
  const drop = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--']
  const suite = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--configLoader=runner', SUITE]
  const args = ['netns', 'exec', load.namespace, 'sh', '-c', ENTER, 'sh', ROOT, place, ...drop, ...suite]
  const options = { env: { ...process.env, HOME: tmpdir() }, maxBuffer: MOST_OUTPUT_BYTES }
  const { error, output } = await new Promise((resolve) => {
    execFile('ip', args, options, (error, stdout, stderr) => resolve({ error, output: stdout + stderr }))
  })
  rmdirSync(place)
  console.log(`contract: ${congestion}, user ${user}\n${output}`)
  return error === null
}

/**
 * `npm run contract`: runs the pipe's contract suite as root and as an unprivileged user, whose kernel pipes are
 * limited by a quota, under each of the congestion controls in use, in network namespaces of its own. Needs root.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BOTH_CONTROLS } from './bench/loads/load.mjs'
import { networkFor } from './bench/network.mjs'

const ROOT = join(import.meta.dirname, '..')
const SUITE = 'test/pipe/contract.test.ts'
const NOBODY = 65_534
// Whoever is not root may not enter each folder above the checkout: it is also mounted where everybody may.
const ENTER = 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"'

const passed = BOTH_CONTROLS.map((congestion) => [0, NOBODY].map((user) => run(congestion, user)))
process.exitCode = passed.flat().every(Boolean) ? 0 : 1

function run(congestion, user) {
  const { reason, load } = networkFor('loopback', congestion)
  if (reason !== undefined || load.namespace === undefined) {
    console.log(`not run under ${congestion}: ${reason ?? 'it needs network namespaces'}`)
    return false
  }
  console.log(`contract: ${congestion}, user ${user}`)
  const place = mkdtempSync(join(tmpdir(), 'millrace-contract-'))
  const drop = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--']
  const suite = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--configLoader=runner', SUITE]
  const args = ['netns', 'exec', load.namespace, 'sh', '-c', ENTER, 'sh', ROOT, place, ...drop, ...suite]
  const { status } = spawnSync('ip', args, { stdio: 'inherit', env: { ...process.env, HOME: tmpdir() } })
  rmdirSync(place)
  return status === 0
}

/**
 * Makes a checkout ready. The steps run in order, each only if its output is missing or stale, under a lock.
 * With nothing to do it takes no lock and prints nothing. It must work without node_modules.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addon } from './addon.mjs'
import { bundle } from './bundle.mjs'
import { StepFailed, say } from './command.mjs'
import { dist } from './dist.mjs'
import { takeLock } from './lock.mjs'
import { packages } from './packages.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const STEPS = [packages, addon, dist, bundle]

/** `retry`: try again what this machine could not do before. Returns an exit code. */
export async function makeReady({ retry }) {
  if (isNodeTooOld()) return 1
  if (!STEPS.some((step) => step.isStale(ROOT))) return 0
  const giveLockBack = await takeLock(ROOT)
  try {
    // Asks again at each step, because another setup may have done it meanwhile, and each step can outdate
    // the next.
    for (const step of STEPS) if (step.isStale(ROOT)) step.run(ROOT, { retry })
    return 0
  } catch (error) {
    if (error instanceof StepFailed) return 1
    throw error
  } finally {
    giveLockBack()
  }
}

function isNodeTooOld() {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const [neededMajor, neededMinor] = engines.node.match(/\d+/g).map(Number)
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return false
  say(`Node ${engines.node} is needed, this is ${process.version}`)
  return true
}

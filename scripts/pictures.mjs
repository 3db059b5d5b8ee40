/**
 * `npm run pictures`: makes the pictures of the docs anew: the status page in light, in dark and on a phone, and a recording
 * of `millrace top` as an animated SVG. `test/pictures/` starts a real millrace with real traffic for about two minutes.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const VITEST = 'node_modules/vitest/vitest.mjs'

// With CI a missing chromium is an error. Otherwise the test would be skipped, and nothing would be written.
const env = { ...process.env, CI: 'true', PICTURES: 'docs' }
const { status } = spawnSync(process.execPath, [VITEST, 'run', 'test/pictures'], {
  cwd: ROOT,
  env,
  stdio: 'inherit',
})
process.exitCode = status ?? 1

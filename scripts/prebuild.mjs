/**
 * `npm run prebuild`: makes the binary that the published package has for this platform, in prebuilds/. It
 * builds in a copy, because prebuildify moves its result out of build/, and the checkout itself uses build/.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environmentForGyp } from './setup/toolchain.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Inside node_modules, so that the copy finds node-addon-api and node-gyp there. */
const copy = join(root, 'node_modules/.cache/millrace/prebuild')

process.exitCode = process.platform === 'linux' && build() && loads() ? 0 : explain()

function build() {
  rmSync(copy, { recursive: true, force: true })
  mkdirSync(copy, { recursive: true })
  for (const name of ['package.json', 'binding.gyp', 'native']) {
    cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  const args = ['--napi', '--strip', '--tag-libc', '-t', process.versions.node, '--out', root]
  const succeeded = run([join(root, 'node_modules/prebuildify/bin.js'), ...args], copy, environmentForGyp())
  rmSync(copy, { recursive: true, force: true })
  return succeeded
}

/** Loads the binary as an installed package does: with node-gyp-build, and without a local build. */
function loads() {
  const script =
    "console.log('prebuild:', require('node-gyp-build').path('.')); require('node-gyp-build')('.')"
  return run(['-e', script], root, { ...process.env, PREBUILDS_ONLY: '1' })
}

function run(args, cwd, env) {
  return spawnSync(process.execPath, args, { cwd, env, stdio: 'inherit' }).status === 0
}

function explain() {
  process.stderr.write('prebuild: no binary was made (only Linux has one; elsewhere millrace runs without)\n')
  return 1
}

/**
 * `npm run prebuild`: the binary that the published package carries for this platform, in prebuilds/. Built in
 * a copy, because prebuildify moves its result out of build/, which is what a checkout itself runs on.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environmentForGyp } from './setup/toolchain.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Inside node_modules, so that node-addon-api and node-gyp are found from there. */
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

/** The way an installed package finds it: node-gyp-build, without a local build. */
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

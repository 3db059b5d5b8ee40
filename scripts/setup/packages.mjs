/**
 * Step 1: node_modules as package-lock.json wants it. Packages that the user installed by hand are taken as
 * they are; this step never upgrades, and never touches package.json or the lock file.
 */
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fail, runQuietly, say } from './command.mjs'
import { digest, readStamp, writeStamp } from './stamp.mjs'

/** npm's own note of what it installed, rewritten at every change of node_modules. */
const INSTALLED = 'node_modules/.package-lock.json'
const stampOf = (root) => join(root, 'node_modules/.cache/millrace/packages')
const keyOf = (root) => digest(root, ['package-lock.json', INSTALLED])

export const packages = {
  isStale(root) {
    const installed = changedAt(join(root, INSTALLED))
    if (installed === undefined) return true
    return installed < changedAt(join(root, 'package-lock.json')) && readStamp(stampOf(root)) !== keyOf(root)
  },

  run(root) {
    say('installing packages (npm ci)')
    rmSync(stampOf(root), { force: true })
    // --ignore-scripts: npm would compile binding.gyp by itself, and fail where there is no compiler.
    const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']
    // npm is a script with a .cmd ending on Windows, which only a shell can start.
    const { succeeded, output } = runQuietly('npm', args, { cwd: root, shell: process.platform === 'win32' })
    if (!succeeded) fail('npm ci failed', output)
    writeStamp(stampOf(root), keyOf(root))
  },
}

function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

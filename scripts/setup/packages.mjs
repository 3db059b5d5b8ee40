/**
 * Step 1: node_modules as package-lock.json wants it. Packages that the user installed by hand stay as they
 * are. This step never upgrades, and never touches package.json or the lock file.
 */
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fail, runQuietly, say } from './command.mjs'
import { digest, readStamp, writeStamp } from './stamp.mjs'

/** npm's own list of what it installed. npm rewrites it at every change of node_modules. */
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
    // --ignore-scripts, because npm would compile binding.gyp by itself, and fail without a compiler.
    const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']
    // On Windows npm is a script that ends with .cmd, which only a shell can start.
    const { succeeded, output } = runQuietly('npm', args, { cwd: root, shell: process.platform === 'win32' })
    if (!succeeded) fail('npm ci failed', output)
    writeStamp(stampOf(root), keyOf(root))
  },
}

function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

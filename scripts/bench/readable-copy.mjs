// A copy of what runs, for a user who may not read the checkout, such as one below a home directory.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { workDirectory } from './processes.mjs'

const ROOT = join(import.meta.dirname, '../..')
// What npm run build makes, and what that needs to run. All dependencies are copied, because only npm knows
// which of them are needed.
const PARTS = ['package.json', 'bundle', 'dist', 'page', 'build/Release', 'prebuilds', 'node_modules']

let root

/** The checkout itself, if an unprivileged user can run it. Otherwise a copy of it, made once. */
export function readableCopy() {
  root ??= canBeRead() ? ROOT : copy()
  return root
}

function canBeRead() {
  const drop = ['--reuid=65534', '--regid=65534', '--clear-groups', '--']
  return spawnSync('setpriv', [...drop, 'node', join(ROOT, 'bundle/cli.js'), '--version']).status === 0
}

function copy() {
  const target = join(workDirectory, 'millrace')
  const isWanted = (source) => !source.includes('node_modules/.cache')
  for (const part of PARTS.filter((name) => existsSync(join(ROOT, name))))
    cpSync(join(ROOT, part), join(target, part), {
      recursive: true,
      filter: isWanted,
      verbatimSymlinks: true,
    })
  return target
}

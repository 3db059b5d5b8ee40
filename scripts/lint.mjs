/**
 * `npm run lint`: checks format, lint rules and types of everything, TypeScript and C++. Changes nothing.
 * Every tool runs, even after another one has failed.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { filesBelow } from './setup/stamp.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = 'node_modules/typescript/bin/tsc'

const isClean = [
  run(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '.']),
  run(process.execPath, [tsc, '--noEmit', '-p', 'tsconfig.json']),
  run(process.execPath, [tsc, '--noEmit', '-p', 'test/tsconfig.json']),
  run(process.execPath, [tsc, '--noEmit', '-p', 'page/tsconfig.json']),
  checkCxxFormat(),
]
process.exitCode = isClean.every(Boolean) ? 0 : 1

function checkCxxFormat() {
  const isThere = spawnSync('clang-format', ['--version']).status === 0
  if (isThere) return run('clang-format', ['--dry-run', '-Werror', ...filesBelow(root, 'native')])
  process.stderr.write('lint: no clang-format found: the format of native/ was not checked\n')
  return process.env.CI !== 'true'
}

function run(program, args) {
  return spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status === 0
}

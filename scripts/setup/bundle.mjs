/**
 * Step 4: bundle/, made of dist/ by esbuild: what users start and import. It has few files, because each file that Node loads
 * costs time at every start. A file has the modules that the same kinds of processes load.
 */
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fail, say } from './command.mjs'
import { distStampOf } from './dist.mjs'
import { digest, readStamp, writeStamp } from './stamp.mjs'

const THIS = 'scripts/setup/bundle.mjs'
const stampOf = (root) => join(root, 'node_modules/.cache/millrace/bundle')
const keyOf = (root) =>
  digest(root, [THIS, 'node_modules/esbuild/package.json'], [readStamp(distStampOf(root))])

/**
 * Packages stay outside, so their updates reach users. Names are not shortened, so a stack trace says which function threw.
 * esbuild's `keepNames` would run code for each function that is made, also for each connection.
 */
const OPTIONS = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  charset: 'utf8',
  chunkNames: '[name]-[hash]',
  logLevel: 'silent',
}

export const bundle = {
  isStale(root) {
    return !existsSync(join(root, 'bundle/cli.js')) || readStamp(stampOf(root)) !== keyOf(root)
  },

  run(root) {
    say('making the bundle (esbuild)')
    const key = keyOf(root)
    rmSync(stampOf(root), { force: true })
    rmSync(join(root, 'bundle'), { recursive: true, force: true })
    const { buildSync } = createRequire(join(root, 'package.json'))('esbuild')
    const entryPoints = ['cli', 'index'].map((name) => join(root, `dist/${name}.js`))
    try {
      buildSync({ ...OPTIONS, entryPoints, outdir: join(root, 'bundle'), absWorkingDir: root })
    } catch (error) {
      fail('esbuild found errors', error.message)
    }
    chmodSync(join(root, 'bundle/cli.js'), 0o755)
    writeStamp(stampOf(root), key)
  },
}

/**
 * Step 4: bundle/, made of dist/ by esbuild: what users start and import. It has few files, because each file that Node loads
 * costs time at every start. A file has the modules that the same kinds of processes load. The packages that most starts load
 * are in it, too: without what nobody uses of them, they are half as large.
 */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fail, say } from './command.mjs'
import { distStampOf } from './dist.mjs'
import { licensesOf } from './licenses.mjs'
import { digest, readStamp, writeStamp } from './stamp.mjs'

const THIS = ['scripts/setup/bundle.mjs', 'scripts/setup/licenses.mjs']
export const LICENSES = 'bundle/LICENSES.txt'
const stampOf = (root) => join(root, 'node_modules/.cache/millrace/bundle')
const keyOf = (root) =>
  digest(root, [...THIS, 'package.json', 'package-lock.json'], [readStamp(distStampOf(root))])

/** The files that users start or import, and the module that each is made of. */
const ENTRIES = [
  ['cli', 'cli.js'],
  ['index', 'index.js'],
  ['index-pipe', 'index-pipe.js'],
  ['faults', 'faults/faults.js'],
]

/**
 * Names are not shortened, so a stack trace says which function threw. esbuild's `keepNames` would run code for each function
 * that is made, also for each connection. The files are ASCII, because Node reads such a file faster. `require` is for
 * packages in CommonJS, which ask it only for modules of Node.
 */
const OPTIONS = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  charset: 'ascii',
  banner: { js: 'const require = process.getBuiltinModule' },
  metafile: true,
  chunkNames: '[name]-[hash]',
  logLevel: 'silent',
}

/** The packages that few processes load. npm installs them beside the bundle. All others are in it. */
function packagesOutside(root) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return Object.keys(dependencies)
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
    const options = {
      ...OPTIONS,
      entryPoints: Object.fromEntries(ENTRIES.map(([name, module]) => [name, join(root, 'dist', module)])),
      outdir: join(root, 'bundle'),
      absWorkingDir: root,
      external: packagesOutside(root),
    }
    try {
      const { metafile } = buildSync(options)
      writeFileSync(join(root, LICENSES), licensesOf(root, Object.keys(metafile.inputs)))
    } catch (error) {
      fail('the bundle cannot be made', error.message)
    }
    chmodSync(join(root, 'bundle/cli.js'), 0o755)
    writeStamp(stampOf(root), key)
  },
}

/**
 * Step 3: dist/, compiled by tsc. The folder is made new each time, so that no output outlives its source.
 * The stamp is kept elsewhere, because everything in dist/ is published.
 */
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fail, runQuietly, say } from './command.mjs'
import { digest, filesBelow, readStamp, writeStamp } from './stamp.mjs'

const stampOf = (root) => join(root, 'node_modules/.cache/millrace/dist')
const keyOf = (root) =>
  digest(root, [...filesBelow(root, 'src'), 'tsconfig.json', 'node_modules/typescript/package.json'])

export const dist = {
  isStale(root) {
    return !existsSync(join(root, 'dist/cli.js')) || readStamp(stampOf(root)) !== keyOf(root)
  },

  run(root) {
    say('building dist (tsc)')
    const key = keyOf(root)
    rmSync(stampOf(root), { force: true })
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { succeeded, output } = runQuietly(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: root })
    if (!succeeded) fail('tsc found errors', output)
    chmodSync(join(root, 'dist/cli.js'), 0o755)
    writeStamp(stampOf(root), key)
  },
}

/**
 * Step 3: dist/, compiled by tsc: a module for each source. The bundle, tests and scripts are made of them. The folder is made
 * new each time, so that no output outlives its source. The stamp is kept elsewhere, because dist/ is published in part.
 */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fail, runQuietly, say } from './command.mjs'
import { digest, filesBelow, readStamp, writeStamp } from './stamp.mjs'

export const distStampOf = (root) => join(root, 'node_modules/.cache/millrace/dist')
const keyOf = (root) =>
  digest(root, [...filesBelow(root, 'src'), 'tsconfig.json', 'node_modules/typescript/package.json'])

export const dist = {
  isStale(root) {
    return !existsSync(join(root, 'dist/cli.js')) || readStamp(distStampOf(root)) !== keyOf(root)
  },

  run(root) {
    say('building dist (tsc)')
    const key = keyOf(root)
    rmSync(distStampOf(root), { force: true })
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { succeeded, output } = runQuietly(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: root })
    if (!succeeded) fail('tsc found errors', output)
    writeStamp(distStampOf(root), key)
  },
}

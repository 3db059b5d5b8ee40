/**
 * While npm packs, README.md is the README for registries. The original is kept among the caches of the
 * checkout until postpack.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { output } from './checks.mjs'
import { withoutRelativeLinks } from './readme.mjs'

const cacheOf = (root) => join(root, 'node_modules/.cache/millrace/readme')
const readmeOf = (root) => join(root, 'README.md')

export async function placePackedReadme(root) {
  // An earlier `npm pack` may have been killed.
  putReadmeBack(root)
  const packed = await packedFiles(root)
  const original = readFileSync(readmeOf(root), 'utf8')
  const placed = withoutRelativeLinks(original, (path) => packed.has(path))
  mkdirSync(cacheOf(root), { recursive: true })
  writeFileSync(join(cacheOf(root), 'original.md'), original)
  writeFileSync(join(cacheOf(root), 'placed.md'), placed)
  writeFileSync(readmeOf(root), placed)
}

/** Puts the original back, unless somebody has changed README.md meanwhile. */
export function putReadmeBack(root) {
  if (!existsSync(join(cacheOf(root), 'placed.md'))) return
  const [original, placed] = ['original.md', 'placed.md'].map((name) =>
    readFileSync(join(cacheOf(root), name)),
  )
  if (readFileSync(readmeOf(root)).equals(placed)) writeFileSync(readmeOf(root), original)
  rmSync(cacheOf(root), { recursive: true })
}

async function packedFiles(root) {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [{ files }] = JSON.parse(await output('npm', args, { cwd: root }))
  return new Set(files.map(({ path }) => path))
}

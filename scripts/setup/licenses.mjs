/** The packages in the bundle, with the licenses under which they may be passed on. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The innermost package of a path: `node_modules/a/node_modules/@b/c/d.js` is of `node_modules/a/node_modules/@b/c`. */
const FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/
const LICENSE_FILE = /^(licen[cs]e|notice)/i
const LINE = '-'.repeat(80)

/**
 * The text for users. `paths`: the files in the bundle, relative to `root`.
 *
 * @throws Error if a package has no license
 */
export function licensesOf(root, paths) {
  const folders = new Set(paths.flatMap((path) => path.match(FOLDER)?.[0] ?? []))
  const texts = [...folders].sort().map((folder) => licenseOf(join(root, folder)))
  return `The files in this folder contain these packages.\n\n${texts.join('\n')}`
}

/** The names of the packages, from that text. */
export const namesIn = (text) => [...text.matchAll(/^package: (\S+) /gm)].map(([, name]) => name)

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter((file) => LICENSE_FILE.test(file))
  if (files.length === 0) throw new Error(`the package ${name} has no license`)
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return `${LINE}\npackage: ${name} ${version} (${license})\n${LINE}\n${texts.join('\n\n')}\n`
}

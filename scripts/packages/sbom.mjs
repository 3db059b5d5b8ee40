/**
 * The list of what an installed npm package consists of, with versions, digests and licenses (CycloneDX): what npm installs, and
 * what is in the bundle.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LICENSES } from '../setup/bundle.mjs'
import { namesIn } from '../setup/licenses.mjs'
import { output } from './checks.mjs'

/** Returns the list as JSON. npm makes it from a tree that it installs in `folder` as the lock file wants it. */
export async function makeSbom(root, folder) {
  // npm names the component like its folder.
  const tree = join(folder, 'millrace')
  mkdirSync(tree)
  cpSync(join(root, 'package-lock.json'), join(tree, 'package-lock.json'))
  const bundled = namesIn(readFileSync(join(root, LICENSES), 'utf8'))
  const { devDependencies, ...published } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const [name, version] of Object.entries(devDependencies))
    if (bundled.includes(name)) published.dependencies[name] = version
  // With the tools of developers in it, npm would say that they are missing.
  writeFileSync(join(tree, 'package.json'), JSON.stringify(published))
  await output('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: tree })
  return await output('npm', ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'], { cwd: tree })
}

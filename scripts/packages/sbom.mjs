/** The list of what an installed npm package consists of, with versions, digests and licenses (CycloneDX). */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { output } from './checks.mjs'

/** Returns the list as JSON. npm makes it from a tree that it installs in `folder` as the lock file wants it. */
export async function makeSbom(root, folder) {
  // npm names the component like its folder.
  const tree = join(folder, 'millrace')
  mkdirSync(tree)
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(root, name), join(tree, name))
  await output('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: tree })
  const { devDependencies, ...published } = JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8'))
  // With the tools of developers in it, npm would say that they are missing.
  writeFileSync(join(tree, 'package.json'), JSON.stringify(published))
  return await output('npm', ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'], { cwd: tree })
}

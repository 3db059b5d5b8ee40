/**
 * The program of Node for the .deb: one version, from the npm registry, by its digest in packaging/debian/node.json. Each is
 * downloaded and stripped once for a checkout.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { output } from '../checks.mjs'

/** @param {string} arch `x64` or `arm64` */
export function nodeFacts(root, arch) {
  const { version, architectures } = JSON.parse(
    readFileSync(join(root, 'packaging/debian/node.json'), 'utf8'),
  )
  const facts = architectures[arch]
  if (facts === undefined)
    throw new Error(`no Node for ${arch}: one of ${Object.keys(architectures).join(', ')}`)
  return { version, ...facts }
}

/** The folder that has `node`, stripped, and `LICENSE`. */
export async function nodeFolder(root, arch) {
  const { version, strip, integrity } = nodeFacts(root, arch)
  const cache = join(root, 'node_modules/.cache/millrace/deb')
  const folder = join(cache, `node-${version}-${arch}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'download-'))
  try {
    const args = ['pack', `node-linux-${arch}@${version}`, '--json', '--ignore-scripts']
    const [packed] = JSON.parse(await output('npm', args, { cwd: work }))
    if (packed.integrity !== integrity)
      throw new Error(
        `${packed.id} has the digest ${packed.integrity}, not that of packaging/debian/node.json`,
      )
    await output('tar', ['-xzf', packed.filename, 'package/bin/node', 'package/LICENSE'], { cwd: work })
    const result = join(work, 'result')
    mkdirSync(result)
    await output(strip, ['--strip-unneeded', '-o', join(result, 'node'), join(work, 'package/bin/node')])
    renameSync(join(work, 'package/LICENSE'), join(result, 'LICENSE'))
    renameSync(result, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return folder
}

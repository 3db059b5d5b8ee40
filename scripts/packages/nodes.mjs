/**
 * Programs of other versions of Node, of other architectures, and of other runtimes. They are in packages of
 * the npm registry, and are downloaded once for a checkout.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { output } from './checks.mjs'

const { version: nodeOfDebianPackage } = JSON.parse(
  readFileSync(new URL('../../packaging/debian/node.json', import.meta.url), 'utf8'),
)
/** The newest version of each line of Node on which millrace is checked. */
export const NODES = ['20.20.2', '22.23.5', nodeOfDebianPackage, '26.12.1']
const BUN = '1.4.5'
const DENO = '2.9.6'

/** The path of `node`. The running one, if it is the wanted one. */
export async function nodeProgram(root, version, arch) {
  if (version === process.versions.node && arch === process.arch) return process.execPath
  return await download(root, `node-linux-${arch}`, version, 'bin/node')
}

export async function bunProgram(root) {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch
  return await download(root, `@oven/bun-linux-${arch}`, BUN, 'bin/bun')
}

export async function denoProgram(root) {
  return await download(root, `@deno/linux-${process.arch}-glibc`, DENO, 'deno')
}

/** Downloads one file of a package. npm compares the package with the digest that the registry has of it. */
async function download(root, name, version, file) {
  const cache = join(root, 'node_modules/.cache/millrace/programs')
  const path = join(cache, `${name.replaceAll('/', '-')}-${version}`, file)
  if (existsSync(path)) return path
  mkdirSync(dirname(path), { recursive: true })
  const folder = mkdtempSync(join(cache, 'download-'))
  try {
    const args = ['pack', `${name}@${version}`, '--ignore-scripts', '--json', '--pack-destination', folder]
    const [{ filename }] = JSON.parse(await output('npm', args, { cwd: folder }))
    await output('tar', ['-xzf', join(folder, filename), '-C', folder, `package/${file}`])
    chmodSync(join(folder, 'package', file), 0o755)
    renameSync(join(folder, 'package', file), path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return path
}

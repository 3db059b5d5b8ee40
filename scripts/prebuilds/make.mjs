/**
 * Makes prebuilds/, the binaries of the published package, one for each architecture. They are made anew when
 * their sources or the recipe changed. Each is checked before anybody gets it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fail, runQuietly, StepFailed, say } from '../setup/command.mjs'
import { digest, filesBelow, readStamp, writeStamp } from '../setup/stamp.mjs'
import { headersOfNode } from '../setup/toolchain.mjs'
import { ARCHITECTURES, binaryFor, compile, compilerFor } from './recipe.mjs'
import { faultsOf, readBinary } from './symbols.mjs'

/** Every user downloads the binaries of all architectures. A part of an arm64 binary begins at a multiple of 64 KiB. */
const MOST_BYTES = 136 * 1024

const stampOf = (root) => join(root, 'node_modules/.cache/millrace/prebuilds')
const binaries = ARCHITECTURES.map(({ arch }) => binaryFor(arch))

/** A digest of what the binaries are made from. */
function keyOf(root) {
  const made = [...filesBelow(root, 'native'), ...filesBelow(root, 'scripts/prebuilds')]
  return digest(root, [...made, 'node_modules/node-addon-api/package.json'])
}

/** Throws StepFailed after it has told the user the reason. */
export async function makePrebuilds(root) {
  if (binaries.every((path) => existsSync(join(root, path))) && readStamp(stampOf(root)) === keyOf(root))
    return
  const key = keyOf(root)
  rmSync(stampOf(root), { force: true })
  // A binary that was made of other sources must not be published.
  rmSync(join(root, 'prebuilds'), { recursive: true, force: true })
  if (process.platform !== 'linux') refuse('prebuilt binaries are only made on Linux')
  requireCompilers()
  const headers = findHeaders(root)
  say(`compiling ${binaries.join(', ')}`)
  const outputs = await Promise.all(ARCHITECTURES.map((one) => compile(root, one, headers)))
  for (const [i, output] of outputs.entries())
    if (output !== undefined) fail(`${binaries[i]} does not compile`, output)
  for (const { arch } of ARCHITECTURES) check(root, arch)
  writeStamp(stampOf(root), key)
}

function requireCompilers() {
  for (const architecture of ARCHITECTURES) {
    const { compiler, debian } = compilerFor(architecture)
    if (spawnSync(compiler, ['--version']).status === 0) continue
    const remedy = `on Debian and Ubuntu: apt-get install ${debian}`
    refuse(`no prebuilt binary for ${architecture.arch}: ${compiler} not found (${remedy})`)
  }
}

function refuse(reason) {
  say(reason)
  throw new StepFailed(reason)
}

function findHeaders(root) {
  const local = headersOfNode()
  if (local !== undefined) return local
  // Beside other things that only this checkout needs.
  const folder = join(root, 'node_modules/.cache/millrace/headers')
  const gyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js')
  const { succeeded, output } = runQuietly(process.execPath, [gyp, 'install', '--ensure', '--devdir', folder])
  if (!succeeded)
    fail(`no headers of Node ${process.version} found; npm_config_nodedir=PREFIX says where`, output)
  return join(folder, process.versions.node, 'include/node')
}

/** Also loads the binary of this architecture. */
function check(root, arch) {
  const path = join(root, binaryFor(arch))
  const faults = faultsOf(readBinary(path), arch)
  if (faults.length > 0) fail(`${binaryFor(arch)} would not load everywhere`, faults.join('\n'))
  const bytes = statSync(path).size
  if (bytes > MOST_BYTES) fail(`${binaryFor(arch)} is too large`, `${bytes} bytes, of at most ${MOST_BYTES}`)
  if (arch === process.arch) createRequire(import.meta.url)(path)
}

/**
 * /opt/millrace of the .deb: the files of the npm package that the command needs, its dependencies, and Node. The first line of
 * the command names this Node, so no other one on the machine is used.
 */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { output } from '../checks.mjs'
import { nodeFolder } from './node-binary.mjs'

export const HOME = '/opt/millrace'
export const COMMAND = `${HOME}/bundle/cli.js`

/** What a running command reads. Types, maps of sources and texts stay out. */
const READ = new Set(['.js', '.mjs', '.cjs', '.json', '.css', '.html', '.svg', '.node'])
/** Documentation and examples have a place of their own. */
const OF_PROGRAM = /^(bundle|dist|page)\//
/** A dependency shows no pages. */
const READ_OF_DEPENDENCIES = new Set([...READ].filter((each) => each !== '.html'))
const UNREAD_FOLDERS = new Set(['test', 'tests', 'benchmarks', 'docs', 'examples'])
const LICENSE = /^(licen[cs]e|notice)/i
const FIRST_LINE = /^#!.*\bnode\b(.*)$/m

/** @param {{ root: string, tree: string, arch: string }} where `tree` becomes the root of the package */
export async function addProgram({ root, tree, arch }) {
  const home = join(tree, HOME)
  mkdirSync(home, { recursive: true })
  for (const path of await packagedFiles(root)) {
    if (!isNeeded(path, arch)) continue
    mkdirSync(dirname(join(home, path)), { recursive: true })
    cpSync(join(root, path), join(home, path))
  }
  await addDependencies(root, home)
  await addNode(root, home, arch)
  pointAtOwnNode(join(tree, COMMAND))
}

async function packagedFiles(root) {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [{ files }] = JSON.parse(await output('npm', args, { cwd: root }))
  return files.map(({ path }) => path)
}

function isNeeded(path, arch) {
  if (path.startsWith('prebuilds/')) return path.startsWith(`prebuilds/linux-${arch}/`)
  if (path === 'package.json') return true
  return OF_PROGRAM.test(path) && (READ.has(extname(path)) || LICENSE.test(basename(path)))
}

async function addDependencies(root, home) {
  cpSync(join(root, 'package-lock.json'), join(home, 'package-lock.json'))
  const args = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  await output('npm', args, { cwd: home })
  rmSync(join(home, 'package-lock.json'))
  removeUnread(join(home, 'node_modules'))
}

/** Removes what no command reads, and the folders that are empty then. Returns whether the folder is empty. */
function removeUnread(folder) {
  let isEmpty = true
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    const isKept = entry.isDirectory()
      ? !UNREAD_FOLDERS.has(entry.name) && !removeUnread(path)
      : LICENSE.test(entry.name) || isReadOfDependency(path)
    if (isKept) isEmpty = false
    else rmSync(path, { recursive: true })
  }
  return isEmpty
}

/** Commands of a dependency are not read either. */
const isReadOfDependency = (path) =>
  READ_OF_DEPENDENCIES.has(extname(path)) && !readFileSync(path, 'latin1').startsWith('#!')

async function addNode(root, home, arch) {
  const folder = await nodeFolder(root, arch)
  cpSync(join(folder, 'node'), join(home, 'node'))
  cpSync(join(folder, 'LICENSE'), join(home, 'LICENSE.node'))
  chmodSync(join(home, 'node'), 0o755)
}

/** The options of Node in the first line stay. */
function pointAtOwnNode(command) {
  const text = readFileSync(command, 'utf8')
  if (!FIRST_LINE.test(text)) throw new Error(`${command} does not start with the name of Node`)
  writeFileSync(command, text.replace(FIRST_LINE, `#!${HOME}/node$1`))
  chmodSync(command, 0o755)
}

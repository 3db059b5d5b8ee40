/**
 * Builds the .deb: a tree of files, the files of DEBIAN/, and `dpkg-deb`. The same commit gives the same package: all times in
 * it are the time of the commit.
 */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { output } from '../checks.mjs'
import { nodeFacts } from './node-binary.mjs'
import { addPapers, CONFIG } from './papers.mjs'
import { addProgram } from './program.mjs'

const MAINTAINER = 'millrace maintainers <millrace@packages.invalid>'
const SCRIPTS = ['postinst', 'prerm', 'postrm']
/** Level 6 takes six times as long, for a package that is 5 MB smaller. */
const COMPRESSION = ['-Zxz', '-z1']
const KIB = 1024

/**
 * @param {{ root: string, folder: string, arch?: string, revision?: number }} options `revision`: the number after the version
 * @returns {Promise<string>} the path of the package in `folder`
 */
export async function buildDeb({ root, folder, arch = process.arch, revision = 1 }) {
  const { debian: architecture } = nodeFacts(root, arch)
  const { version: upstream } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const version = `${upstream}-${revision}`
  const date = await commitDate(root)
  const tree = mkdtempSync(join(folder, 'tree-'))
  await addProgram({ root, tree, arch })
  addPapers({ root, tree, version, date, maintainer: MAINTAINER, commandLine: await commandLineOf(root) })
  unify(tree, date)
  addControl({ root, tree, version, architecture })
  const path = join(folder, `millrace_${version}_${architecture}.deb`)
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(date.getTime() / 1000) }
  await output('dpkg-deb', ['--root-owner-group', ...COMPRESSION, '--build', tree, path], { env })
  rmSync(tree, { recursive: true })
  return path
}

/** What the built modules of the command export. */
async function commandLineOf(root) {
  const modules = ['command-line', 'completion/completion', 'completion/grammar']
  const all = await Promise.all(modules.map((name) => import(join(root, `dist/command/${name}.js`))))
  return Object.assign({}, ...all)
}

async function commitDate(root) {
  const seconds = await output('git', ['log', '-1', '--format=%ct'], { cwd: root }).catch(() => '0')
  return new Date(Number(seconds) * 1000)
}

/** Modes do not depend on the umask of the user who builds. */
function unify(tree, date) {
  for (const { path, isFolder } of entriesOf(tree)) {
    const isProgram = isFolder || /^\/opt\/millrace\/(node|bundle\/cli\.js)$/.test(path.slice(tree.length))
    chmodSync(path, isProgram ? 0o755 : 0o644)
    utimesSync(path, date, date)
  }
  chmodSync(tree, 0o755)
}

function addControl({ root, tree, version, architecture }) {
  const files = entriesOf(tree).filter(({ isFolder }) => !isFolder)
  const bytes = files.reduce((sum, { path }) => sum + lstatSync(path).size, 0)
  const control = join(tree, 'DEBIAN')
  mkdirSync(control, { mode: 0o755 })
  const sums = files.map(({ path }) => `${md5(path)}  ${path.slice(tree.length + 1)}\n`)
  writeFileSync(join(control, 'md5sums'), sums.join(''))
  writeFileSync(join(control, 'conffiles'), `${CONFIG}\n`)
  for (const name of SCRIPTS) {
    writeFileSync(join(control, name), readFileSync(join(root, 'packaging/debian', name)))
    chmodSync(join(control, name), 0o755)
  }
  const fields = { VERSION: version, ARCHITECTURE: architecture, MAINTAINER, SIZE: Math.ceil(bytes / KIB) }
  const template = readFileSync(join(root, 'packaging/debian/control'), 'utf8')
  writeFileSync(
    join(control, 'control'),
    template.replaceAll(/@([A-Z]+)@/g, (_, name) => fields[name]),
  )
}

const md5 = (path) => createHash('md5').update(readFileSync(path)).digest('hex')

/** All files and folders below. Symbolic links are left out. */
function entriesOf(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => ({ path: join(entry.parentPath, entry.name), isFolder: entry.isDirectory() }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

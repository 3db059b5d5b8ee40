/** What the .deb has besides the program: the unit, the config, documentation, the man page and completions. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { manualPage } from './manual.mjs'
import { COMMAND } from './program.mjs'

const DOC = '/usr/share/doc/millrace'
const UNITS = '/usr/lib/systemd/system'
export const CONFIG = '/etc/millrace/millrace.yaml'

/** Where files of the checkout go. */
const COPIES = {
  'packaging/debian/millrace.yaml': CONFIG,
  'packaging/debian/millrace.sysusers': '/usr/lib/sysusers.d/millrace.conf',
  'packaging/debian/lintian-overrides': '/usr/share/lintian/overrides/millrace',
  'packaging/systemd/millrace.service': `${UNITS}/millrace.service`,
  'README.md': `${DOC}/README.md`,
}

/**
 * @param {{ root: string, tree: string, version: string, date: Date, maintainer: string, commandLine: {
 *   describeCommandLine(version: string): object, readGrammar(command: object): object,
 *   completionOf(shell: string, grammar: object): string, EXIT_CODES: object } }} facts `commandLine`: from the built modules of the
 *   command
 */
export function addPapers(facts) {
  const { root, tree } = facts
  for (const [from, to] of Object.entries(COPIES)) place(tree, to, readFileSync(join(root, from)))
  addDocs(root, tree)
  addCommandLine(facts)
  addChangelogs(facts)
  mkdirSync(join(tree, '/usr/bin'), { recursive: true })
  symlinkSync(COMMAND, join(tree, '/usr/bin/millrace'))
}

function addDocs(root, tree) {
  for (const name of readdirSync(join(root, 'docs')))
    cpSync(join(root, 'docs', name), join(tree, DOC, 'docs', name), { recursive: true })
  cpSync(join(root, 'examples'), join(tree, DOC, 'examples'), { recursive: true })
  const systemd = join(root, 'packaging/systemd')
  for (const name of readdirSync(systemd).filter((each) => each !== 'millrace.service'))
    cpSync(join(systemd, name), join(tree, DOC, 'examples/systemd', name), { recursive: true })
  const license = readFileSync(join(root, 'LICENSE'), 'utf8')
  const copyright = readFileSync(join(root, 'packaging/debian/copyright'), 'utf8')
  place(tree, `${DOC}/copyright`, copyright + indented(license))
}

/** The text of a license in a copyright file: one space before each line, and a dot for an empty one. */
const indented = (license) =>
  license
    .slice(license.indexOf('Permission'))
    .trimEnd()
    .split('\n')
    .map((line) => ` ${line === '' ? '.' : line}\n`)
    .join('')

function addCommandLine({ tree, version, date, commandLine }) {
  const { describeCommandLine, readGrammar, completionOf, EXIT_CODES } = commandLine
  const grammar = readGrammar(describeCommandLine(version))
  const day = date.toISOString().slice(0, 10)
  const page = manualPage({ grammar, exitCodes: EXIT_CODES, version, date: day })
  place(tree, '/usr/share/man/man1/millrace.1.gz', packed(page))
  place(tree, '/usr/share/bash-completion/completions/millrace', completionOf('bash', grammar))
  place(tree, '/usr/share/zsh/vendor-completions/_millrace', completionOf('zsh', grammar))
  place(tree, '/usr/share/fish/vendor_completions.d/millrace.fish', completionOf('fish', grammar))
}

function addChangelogs({ root, tree, version, date, maintainer }) {
  const day = date.toUTCString().replace('GMT', '+0000')
  const entry = `millrace (${version}) stable; urgency=medium\n\n  * See changelog.gz.\n\n -- ${maintainer}  ${day}\n`
  place(tree, `${DOC}/changelog.gz`, packed(readFileSync(join(root, 'CHANGELOG.md'))))
  place(tree, `${DOC}/changelog.Debian.gz`, packed(entry))
}

/** The time of packing is not in the result, so the same content gives the same bytes. */
const packed = (text) => gzipSync(text, { level: 9 })

function place(tree, path, content) {
  const target = join(tree, path)
  if (existsSync(target)) throw new Error(`${path} is in the package twice`)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, content)
}

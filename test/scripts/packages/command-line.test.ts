/**
 * The man page of the package of Debian: it has every command and option of `--help`. `npm run packages` builds the package itself.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeCommandLine, EXIT_CODES } from '../../../src/command/command-line.js'
import { commandsIn, readGrammar } from '../../../src/command/completion/grammar.js'
import { temporaryFolder } from '../../support/folder.js'
import { areMissing } from '../../support/programs.js'

const part = async (name: string) =>
  await import(new URL(`../../../scripts/packages/deb/${name}.mjs`, import.meta.url).href)
const { manualPage } = await part('manual')

const grammar = readGrammar(describeCommandLine('1.2.3'))
const page: string = manualPage({ grammar, exitCodes: EXIT_CODES, version: '1.2.3', date: '2026-01-02' })
const plainPage = page.replaceAll('\\-', '-')
const commands = commandsIn(grammar)
const options = [grammar, ...commands].flatMap((command) => command.options)

const folder = temporaryFolder()

describe('the man page', () => {
  it('has every command, option and exit code of the help', () => {
    const terms = [
      ...options.map(({ term }) => `\n.B "${term}"\n`),
      ...commands.map(({ path }) => `\n.SS "millrace ${path}`),
    ]
    expect(terms.length).toBeGreaterThan(40)
    expect(terms.filter((term) => !plainPage.includes(term))).toEqual([])
    expect(Object.keys(EXIT_CODES).filter((code) => !page.includes(`\n.B "${code}"\n`))).toEqual([])
  })

  it('has no line that starts with a dot of a text, and no bare hyphen in an option', () => {
    const lines = page.split('\n')
    expect(
      lines.filter((line) => line.startsWith('.') && !/^\.([BI]|[BR]R|RI|SH|SS|TH|TP|PP|br)( |$)/.test(line)),
    ).toEqual([])
    expect(lines.filter((line) => line.startsWith('.B "--'))).toEqual([])
  })
})

describe.skipIf(areMissing('mandoc'))('a reader of man pages', () => {
  it('finds no fault in the page', () => {
    const file = join(folder, 'millrace.1')
    writeFileSync(file, page)
    const { status, stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', file], {
      encoding: 'utf8',
    })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })
})

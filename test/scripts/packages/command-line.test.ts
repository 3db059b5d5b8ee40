/**
 * The man page and the completions of the package of Debian: they have every command and option of `--help`. `npm run packages`
 * builds the package itself.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeCommandLine, EXIT_CODES } from '../../../src/command/command-line.js'
import { VERBS } from '../../../src/command/verbs/verbs.js'
import { temporaryFolder } from '../../support/folder.js'
import { areMissing } from '../../support/programs.js'

const part = async (name: string) =>
  await import(new URL(`../../../scripts/packages/deb/${name}.mjs`, import.meta.url).href)
const { bashCompletion, fishCompletion, zshCompletion } = await part('completions')
const { readGrammar } = await part('grammar')
const { manualPage } = await part('manual')

interface OptionData {
  readonly long: string
  readonly term: string
}

const grammar = readGrammar(describeCommandLine('1.2.3'))
const page: string = manualPage({ grammar, exitCodes: EXIT_CODES, version: '1.2.3', date: '2026-01-02' })
const plainPage = page.replaceAll('\\-', '-')
const options: readonly OptionData[] = [grammar, ...grammar.commands].flatMap(({ options }) => options)

describe('the man page', () => {
  it('has every command, option and exit code of the help', () => {
    const terms = [
      ...options.map(({ term }) => `\n.B "${term}"\n`),
      ...VERBS.map((verb) => `\n.SS "millrace ${verb}`),
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

describe('the completions', () => {
  it.each([
    ['zsh', zshCompletion(grammar)],
    ['fish', fishCompletion(grammar)],
  ])('of %s have every command and option of the help', (shell, text) => {
    const names = options.map(({ long }) => (shell === 'fish' ? `-l ${long.slice(2)} ` : `'${long}[`))
    expect(names.filter((name) => !text.includes(name))).toEqual([])
    expect([...VERBS, 'check'].filter((verb) => !text.includes(verb))).toEqual([])
  })

  it.skipIf(areMissing('bash'))('of bash complete commands, options and values', () => {
    expect(completedByBash('millrace', 'dra')).toEqual(['drain'])
    expect(completedByBash('millrace', 'kill', '--cl')).toEqual(['--cluster', '--client'])
    expect(completedByBash('millrace', '--splice', 'o')).toEqual(['on', 'off'])
    expect(completedByBash('millrace', 'log', '--level', 'd')).toEqual(['debug'])
    expect(completedByBash('millrace', 'kill', '--cluster', '')).toEqual([])
  })
})

const folder = temporaryFolder()

/** What bash offers when a user presses Tab after these words. */
function completedByBash(...words: string[]): string[] {
  const file = join(folder, 'completion.bash')
  writeFileSync(file, bashCompletion(grammar))
  const script = `source '${file}'; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
  expect(status).toBe(0)
  return stdout.split('\n').filter(Boolean)
}

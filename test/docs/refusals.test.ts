/** docs/limits.md has what clients are told, and which causes lead to which answer. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { REFUSE_AS } from '../../src/config/schemas/limits-schema.js'
import { ENDINGS } from '../../src/observe/endings.js'
import { BY_FIRST_BYTES, BY_NAME } from '../../src/refusals/languages.js'
import { REASONS } from '../../src/refusals/refused.js'

const page = readFileSync(new URL('../../docs/limits.md', import.meta.url), 'utf8')
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`

it('docs/limits.md has the answer to each cause, for every cause that has one', () => {
  for (const reason of REASONS) {
    const causes = ENDINGS.filter(({ told }) => told === reason).map(({ cause }) => `\`${cause}\``)
    expect(page).toContain(row([reason, [...new Set(causes)].join(', ')]))
  }
})

it('docs/limits.md has what each protocol says', () => {
  for (const [name, language] of Object.entries({ ...BY_FIRST_BYTES, ...BY_NAME }))
    expect(page).toContain(row([`\`${name}\``, ...REASONS.map((reason) => language.shown(reason))]))
})

it('docs/limits.md has each way to refuse', () => {
  expect([...REFUSE_AS].sort()).toEqual(['reset', 'close', 'auto', ...Object.keys(BY_NAME)].sort())
  for (const way of REFUSE_AS) expect(page).toMatch(new RegExp(`\n\\|[^|]*\`${way}\`[^|]*\\| [A-Z]`))
})

it('each ending with an answer has a status for HTTP, except one that only TLS can have', () => {
  const without = ENDINGS.filter(({ told, status }) => told !== undefined && status === undefined)
  expect(without.map(({ cause }) => cause)).toEqual(['no-sni'])
})

/** The pages of the docs: every link works, every page opens with whom it is for, and the index lists them all. */
import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { anchorsOf, linksOf, openingOf } from './markdown.js'
import { PAGES, RECIPES, ROOT, readPage } from './pages.js'

const LINKING = [...PAGES, 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md']
const SAYS_FOR_WHOM = /^(For|This (page|index) is for) /
/** Why a link is broken, or undefined if it works. The test does not check links to other sites. */
function problemOf(page: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : posix.join(posix.dirname(page), path)
  if (!existsSync(join(ROOT, file))) return 'no such file'
  if (anchor !== undefined && !anchorsOf(readPage(file)).has(anchor)) return 'no such heading'
  return undefined
}

describe.each(LINKING)('%s', (page) => {
  it('a page links only to files and headings that exist', () => {
    const broken = linksOf(readPage(page)).flatMap(({ target, line }) => {
      const problem = problemOf(page, target)
      return problem === undefined ? [] : [`line ${line}: ${target}: ${problem}`]
    })
    expect(broken).toEqual([])
  })
})

it.each(PAGES)('%s opens with whom it is for', (page) => {
  expect(openingOf(readPage(page))).toMatch(SAYS_FOR_WHOM)
})

it('docs/README.md lists every page of docs/', () => {
  expect(unlisted('docs/README.md', PAGES)).toEqual([])
})

it('docs/recipes/README.md lists every recipe', () => {
  expect(unlisted('docs/recipes/README.md', RECIPES)).toEqual([])
})

/** The pages of the folder of this index that it does not link to. The pages of a folder inside have an index of their own. */
function unlisted(index: string, pages: readonly string[]): string[] {
  const folder = posix.dirname(index)
  const listed = new Set(linksOf(readPage(index)).map(({ target }) => posix.join(folder, target)))
  const indexes = pages.filter((page) => posix.basename(page) === 'README.md')
  const own = pages.filter((page) => posix.dirname(page) === folder)
  const below = indexes.filter((page) => posix.dirname(posix.dirname(page)) === folder)
  return [...own, ...below].filter((page) => page !== index && !listed.has(page))
}

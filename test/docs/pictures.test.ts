/** Pictures of the documentation: pages show them, they are small, and the recording of `top` shows today's columns. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { printed } from '../../src/command/top/frame.js'
import { FIRST_VIEW } from '../../src/command/top/view.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { STATUS } from '../../src/status/status.js'
import { linesOf } from '../pictures/top-svg.js'
import { blank } from '../support/blank.js'
import { linksOf } from './markdown.js'
import { PAGES, ROOT, readPage } from './pages.js'

const PICTURES = readdirSync(join(ROOT, 'docs')).filter((name) => /\.(png|svg)$/.test(name))
const MOST_PNG_BYTES = 150_000
const MOST_SVG_BYTES = 200_000

/** By their paths in the repository. */
const picturesOn = (page: string): string[] =>
  linksOf(readPage(page)).map(({ target }) => posix.join(posix.dirname(page), target))

it.each(PICTURES)('a page of the docs shows docs/%s', (name) => {
  expect(PAGES.filter((page) => picturesOn(page).includes(`docs/${name}`))).not.toEqual([])
})

it.each(PICTURES)('docs/%s loads fast', (name) => {
  const most = name.endsWith('.png') ? MOST_PNG_BYTES : MOST_SVG_BYTES
  expect(statSync(join(ROOT, 'docs', name)).size).toBeLessThan(most)
})

it.each(['README.md', 'docs/status-page.md'])('%s shows the status page in light and in dark', (page) => {
  const dark = '<source media="(prefers-color-scheme: dark)" srcset="'
  expect(picturesOn(page)).toEqual(
    expect.arrayContaining(['docs/status-page-light.png', 'docs/status-page-dark.png']),
  )
  expect(readPage(page)).toContain(dark)
})

describe('docs/top.svg', () => {
  const svg = readFileSync(join(ROOT, 'docs/top.svg'), 'utf8')
  /** Without the mark of the table that scrolls. */
  const wordsOf = (line: string): string => line.replace(/<$/, '').trim().replaceAll(/ +/g, ' ')

  it.each(['README.md', 'docs/commands.md'])('is on %s', (page) => {
    expect(picturesOn(page)).toContain('docs/top.svg')
  })

  it('has the columns that top has today. If not, run npm run pictures', () => {
    const now = { at: 0, status: blank(STATUS) as ProxyStatus, connections: [] }
    const lines = printed({ before: undefined, now, note: '' }, FIRST_VIEW, 200)
    const titles = lines.filter((_, index) => lines[index - 1] === '').map(wordsOf)
    expect(titles).toHaveLength(4)
    const drawn = new Set(linesOf(svg).map(wordsOf))
    expect(titles.filter((title) => !drawn.has(title))).toEqual([])
  })

  it('needs nothing from outside, is legible in dark, and stands still for those who want no motion', () => {
    expect(svg.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|<script|<image|@import|url\(/,
    )
    expect(svg).toContain('@media(prefers-color-scheme:dark)')
    expect(svg).toContain('@media(prefers-reduced-motion:reduce)')
  })
})

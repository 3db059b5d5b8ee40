/**
 * docs/config.md, src/config/keys/, from which its tables are made, and the schema say the same of every key.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { KeyWords } from '../../src/config/keys/key-words.js'
import { KEY_SECTIONS } from '../../src/config/keys/sections.js'
import { parseDuration, parseSize } from '../../src/config/units.js'
import { validateConfig } from '../../src/config/validate.js'
import { load, problemsOf } from './config-file.js'
import { findingsAt, type Leaf, leavesOf, most } from './every-key.js'

const SCRIPT = new URL('../../scripts/docs/key-tables.mjs', import.meta.url)
const { withKeyTables } = await import(SCRIPT.href)

const text = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8')

/** The words of every key. */
const words: ReadonlyMap<string, KeyWords> = new Map(Object.values(KEY_SECTIONS).flatMap(Object.entries))

/** Maps without a row, because each key in them has one. */
const UNTOLD: ReadonlySet<string> = new Set(['timeouts', 'log'])

/** The keys of a value, written as in the table. */
function keysOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.slice(0, 1).flatMap((item) => keysOf(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) => {
    const own = path === '' ? key : `${path}.${key}`
    if (key === 'tags' || key === 'NAME') return key === 'NAME' ? keysOf(child, own) : [own]
    return UNTOLD.has(own) ? keysOf(child, own) : [...new Set([own, ...keysOf(child, own)])]
  })
}

const least = validateConfig({
  listeners: [{ address: '127.0.0.1:1', cluster: 'NAME' }],
  clusters: { NAME: { backends: ['127.0.0.1:2'] } },
})

/** Keys that take one number, a duration or a size. */
const numeric = leavesOf(most).filter(({ value, key }) => typeof value === 'number' && words.has(key))

const isAccepted = (path: Leaf['path'], value: unknown): boolean => findingsAt(path, value).length === 0

/** A range such as `1s` to `24d`. */
const BOUNDS = /`([\w.]+)` to `([\w.]+)`/
const bounded = numeric.filter(({ key }) => BOUNDS.test(words.get(key)?.takes ?? ''))

/** The number in the unit of the schema. */
const numberOf = (text: string): number =>
  [Number(text), parseDuration(text), parseSize(text)].find(
    (each) => typeof each === 'number' && each >= 0,
  ) as number

describe('docs/config.md', () => {
  it('docs/config.md has an example that is a valid config', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
    expect(Object.keys(load(example).clusters)).toEqual(['chat', 'cache'])
  })

  it('docs/config.md shows the real problems of its bad example', () => {
    const bad = text.split('```yaml\n').at(-1)?.split('```')[0] ?? ''
    const lines = problemsOf(bad).map((problem) => `millrace.yaml:${problem}`)
    expect(text).toContain(`\`\`\`\n${lines.join('\n')}\n\`\`\``)
  })

  it('docs/config.md has the tables that `npm run docs` makes of src/config/keys', () => {
    expect(withKeyTables(text, KEY_SECTIONS)).toEqual({ text, missing: [] })
  })

  it('docs/config.md has a row for every key of the schema and for no other', () => {
    expect([...words.keys()].sort()).toEqual([...new Set(keysOf(most))].sort())
  })

  it('docs/config.md has a heading for every link within the page', () => {
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    )
    const links = [...text.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor)
    expect(links.filter((link) => !anchors.includes(link ?? ''))).toEqual([])
  })

  it.each([...words])(
    'docs/config.md says in short sentences what %s does, what it takes and what its default is',
    (_, told) => {
      for (const cell of [told.does, told.takes, told.default])
        expect(cell).not.toMatch(/^$|[|\n]|^as (above|below)/)
      expect(told.does.split(/[.:] /).filter((sentence) => sentence.split(' ').length > 24)).toEqual([])
    },
  )

  it.each(numeric)('docs/config.md says truly whether $key can be 0', ({ key, path }) => {
    expect(words.get(key)?.zero).toMatch(isAccepted(path, 0) ? /^(?!an error)./ : /^an error/)
  })

  it.each(bounded)('docs/config.md has the true range of $key', ({ key, path }) => {
    const { takes } = words.get(key) as KeyWords
    const [, least = '', highest = ''] = BOUNDS.exec(takes) ?? []
    const step = takes.startsWith('whole seconds') ? 1000 : 1
    expect([isAccepted(path, least), isAccepted(path, highest)]).toEqual([true, true])
    expect(isAccepted(path, numberOf(least) - step)).toBe(false)
    expect(isAccepted(path, numberOf(highest) + step)).toBe(false)
  })

  it.each<[string, string | number | boolean]>([
    ['splice', least.splice],
    ['workers', least.workers],
    ['workerHangMs', least.workerHangMs],
    ['kernelPipeBytes', least.kernelPipeBytes],
    ['pinnedMemoryBytes', least.pinnedMemoryBytes],
    ['clusters.NAME.backends[].weight', 1],
    ['clusters.NAME.balance', 'round-robin'],
    ['clusters.NAME.halfClose', 'propagate'],
    ['log.level', least.log.level],
    ['log.access', true],
    ['log.access.sample', 1],
    ['log.access.minBytes', 0],
    ['log.access.minMs', 0],
    ['admin.readOnly', false],
    ['listeners[].protocol', 'tcp'],
    ['listeners[].onBadHello', 'reject'],
    ['listeners[].http', 'reject'],
    ['listeners[].allowEncodedSlash', false],
    ['listeners[].xForwarded', 'replace'],
    ['listeners[].clientFrom.field', 'x-forwarded-for'],
    ['listeners[].logQuery', false],
    ['listeners[].acceptProxy.required', true],
    ['listeners[].tls.minVersion', 'TLSv1.2'],
    ['listeners[].tls.clientCert', 'require'],
    ['clusters.NAME.tls.verify', true],
    ...Object.entries(least.keepalive).map(([key, value]): [string, number] => [`keepalive.${key}`, value]),
    ...Object.entries(least.timeouts).map(([key, ms]): [string, number] => [`timeouts.${key}`, ms]),
  ])('docs/config.md has the true default of %s', (key, value) => {
    const told = /^`(.*)`$/.exec(words.get(key)?.default ?? '')?.[1] ?? ''
    expect([told, parseDuration(told), parseSize(told)].map(String)).toContain(String(value))
  })
})

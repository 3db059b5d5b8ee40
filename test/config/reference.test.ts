import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseDuration, parseSize } from '../../src/config/units.js'
import { validateConfig } from '../../src/config/validate.js'
import { load } from './config-file.js'

const text = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8')

/** Default by key, as the table tells them. */
const defaults = new Map(
  [...text.matchAll(/^\| `([\w.[\]]+)` \|(?:[^|]*\|){2} ([^|]*) \|/gm)].map(([, key = '', value = '']) => [
    key,
    value,
  ]),
)

/** The keys of a value, written as in the table. */
function keysOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [path, ...value.slice(0, 1).flatMap((item) => keysOf(item, `${path}[]`))]
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, child]) => {
    if (key === 'address' || key === 'tags') return [`${path}.${key}`]
    return keysOf(child, path === '' ? key : `${path}.${key}`)
  })
}

const least = validateConfig({
  listeners: [{ address: '127.0.0.1:1', cluster: 'NAME' }],
  clusters: { NAME: { backends: ['127.0.0.1:2'] } },
})

describe('docs/config.md', () => {
  it('has an example that is a good config', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
    expect(Object.keys(load(example).clusters)).toEqual(['pg', 'cache'])
  })

  it('tells of every key and of no other', () => {
    expect([...defaults.keys()].sort()).toEqual([...new Set([...keysOf(least), 'clusters'])].sort())
  })

  it.each<[string, string | number | boolean]>([
    ['splice', least.splice],
    ['workers', least.workers],
    ['kernelPipeBytes', least.kernelPipeBytes],
    ['clusters.NAME.backends[].weight', 1],
    ['clusters.NAME.balance', 'round-robin'],
    ['clusters.NAME.halfClose', 'propagate'],
    ['log.level', least.log.level],
    ['log.access', least.log.access],
    ...Object.entries(least.timeouts).map(([key, ms]): [string, number] => [`timeouts.${key}`, ms]),
  ])('tells the true default of %s', (key, value) => {
    const told = /^`(.*)`$/.exec(defaults.get(key) ?? '')?.[1] ?? ''
    expect([told, parseDuration(told), parseSize(told)].map(String)).toContain(String(value))
  })
})

/** docs/environment.md names every environment variable that the sources, the scripts or the tests read. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('../../', import.meta.url)
const text = readFileSync(new URL('docs/environment.md', ROOT), 'utf8')

/** A member of `env`, a name from a parameter of that type, and the tools of scripts/setup/toolchain.mjs. */
const READS = [/\benv\??\.(\w+)/g, /\{ ([A-Z_]+)\b[^}]*\}: NodeJS\.ProcessEnv/g, /\bvariable: '(\w+)'/g]
/** vitest sets these, or a test sets them for the programs that it starts. */
const OF_TESTS = ['NODE_OPTIONS', 'SIGNAL_WHOM', 'VITEST_POOL_ID']
/** Node itself reads these. */
const OF_NODE = ['TMPDIR']

function read(folder: string): string[] {
  return readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .flatMap((name) => {
      const source = readFileSync(new URL(`${folder}/${name}`, ROOT), 'utf8')
      return READS.flatMap((pattern) => [...source.matchAll(pattern)].map(([, variable = '']) => variable))
    })
}

describe('docs/environment.md', () => {
  it('docs/environment.md has a row for every variable that the code reads, and for no other', () => {
    const rows = text.match(/^\| `.*$/gm) ?? []
    const told = rows.flatMap((row) => [...row.split(' | ')[0]!.matchAll(/`(\w+)`/g)].map(([, name]) => name))
    const due = new Set([...['src', 'scripts', 'test'].flatMap(read), ...OF_NODE])
    expect(told.sort()).toEqual([...due].filter((name) => !OF_TESTS.includes(name)).sort())
  })
})

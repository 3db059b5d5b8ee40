/** CI runs every test. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const found = (text: string, pattern: RegExp): string[] =>
  Array.from(text.matchAll(pattern), ([, name]) => name!).sort()

test('.ci/run runs every project of vitest.config.ts once', () => {
  const projects = found(read('vitest.config.ts'), /\bname: '([^']+)'/g)
  expect(projects).toContain('beside others')
  expect(found(read('.ci/run'), /\btests "([^"$]+)"/g)).toEqual(projects)
})

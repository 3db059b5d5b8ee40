/** The suites that run with sanitizers: those that use the addon in their own process. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const TESTS = fileURLToPath(new URL('../../test', import.meta.url))

/** vitest runs each file whose path contains one of these. */
export const SUITES = [
  'test/io',
  'test/pipe',
  'test/proxy/hand-over.test',
  'test/proxy/hand-over-drains',
  'test/proxy/hand-over-failures',
  'test/proxy/hand-over-kinds',
  'test/limits/counts/shared',
  'test/limits/counts/twins',
  'test/limits/counts/mutex',
]

/** Those without a file. vitest says nothing of them as long as another one has files. */
export function suitesWithoutFiles(suites = SUITES) {
  const files = readdirSync(TESTS, { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name}`)
  return suites.filter((suite) => !files.some((file) => file.includes(suite)))
}

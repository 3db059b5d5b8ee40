/** The suites of `npm run sanitize`. */
import { expect, test } from 'vitest'

const { SUITES, suitesWithoutFiles } = await import(
  new URL('../../scripts/sanitize/suites.mjs', import.meta.url).href
)

test('each suite of `npm run sanitize` has a test file, and one without a file is found', () => {
  expect(suitesWithoutFiles()).toEqual([])
  expect(suitesWithoutFiles([...SUITES, 'test/no-such-folder'])).toEqual(['test/no-such-folder'])
})

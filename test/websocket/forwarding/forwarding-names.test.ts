/** docs/first-bytes.md has every field that millrace drops because it says who a client is. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { FORWARDING_NAMES, FORWARDING_PREFIX } from '../../../src/websocket/forwarding/forwarding-names.js'

const text = readFileSync(new URL('../../../docs/first-bytes.md', import.meta.url), 'utf8')
const [, table = ''] = /\| dropped \| names \|\n\|[-|]+\|\n(.*?)\n\n/s.exec(text) ?? []

it('docs/first-bytes.md has every forwarding field and no other', () => {
  const told = [...table.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name.toLowerCase())
  expect(told.sort()).toEqual([...FORWARDING_NAMES, `${FORWARDING_PREFIX}…`].sort())
})

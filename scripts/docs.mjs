/**
 * `npm run docs`: writes the tables of docs/config.md again, from the words in src/config/keys/. A test fails
 * while they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { KEY_SECTIONS } from '../dist/config/keys/sections.js'
import { withKeyTables } from './docs/key-tables.mjs'

const page = new URL('../docs/config.md', import.meta.url)
const { text, missing } = withKeyTables(readFileSync(page, 'utf8'), KEY_SECTIONS)
if (missing.length > 0) throw new Error(`docs/config.md has no place for: ${missing.join(', ')}`)
writeFileSync(page, text)

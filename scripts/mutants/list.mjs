/**
 * The lists of mutants (lists/*.txt) are plain text: one decision after the other, and how it would be made
 * wrongly.
 *
 *   file src/pipe/ends.ts
 *   test test/pipe/ends.test.ts
 *   test test/pipe/contract.test.ts auto, IPv4
 *
 *   The client is said to have ended first where both ended at once.
 *   - over === UP_IS_OVER
 *   + (over & UP_IS_OVER) !== 0
 *
 * `file` and its tests hold until the next `file`. The nearest test comes first. A pattern of names after the
 * path means that only these tests of the file count. The replaced text stands exactly once in the file. If
 * it has more lines, they follow, indented as in the file. A line that begins with # is a remark.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, 'lists')

export function readLists() {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))
  return numbered(names.sort().flatMap((name) => parseList(readFileSync(join(FOLDER, name), 'utf8'), name)))
}

/** Throws if a line makes no sense. `name` is the list's name for the error. */
export function parseList(text, name) {
  const mutants = []
  let place = { file: undefined, tests: [] }
  for (const [index, line] of text.split('\n').entries()) {
    const [word, rest] = split(line)
    if (line === '' || word.startsWith('#')) continue
    const mutant = mutants.at(-1)
    if (word === 'file') place = { file: rest, tests: [] }
    else if (word === 'test') place.tests.push(testOf(rest))
    else if (word === '-' && mutant?.was === undefined) mutant.was = rest
    else if (word === '+' && mutant?.becomes === undefined) mutant.becomes = rest
    else if (word === '' && mutant?.becomes !== undefined) mutant.becomes += `\n${line}`
    else if (word === '' && mutant?.was !== undefined) mutant.was += `\n${line}`
    else
      mutants.push({ ...place, wrong: line, was: undefined, becomes: undefined, at: `${name}:${index + 1}` })
  }
  for (const mutant of mutants) checkWhole(mutant)
  return mutants
}

/**
 * The mutants that have one of these ids, or are in one of these files or folders. All mutants if `wanted` is
 * empty.
 */
export function choose(mutants, wanted) {
  const isMeant = ({ id }, word) => id === word || id.startsWith(`${word}#`) || id.startsWith(`${word}/`)
  const unknown = wanted.find((word) => !mutants.some((mutant) => isMeant(mutant, word)))
  if (unknown !== undefined)
    throw new Error(`no mutant is called "${unknown}", and no file or folder with any`)
  return wanted.length === 0
    ? mutants
    : mutants.filter((mutant) => wanted.some((word) => isMeant(mutant, word)))
}

/**
 * `text` with the mutant in it, and the mutant's line. Throws if the replaced text does not stand there
 * exactly once.
 */
export function mutate(text, { was, becomes, id }) {
  const at = text.indexOf(was)
  if (at === -1) throw new Error(`${id}: this text is no longer in the file: ${was}`)
  if (text.includes(was, at + 1)) throw new Error(`${id}: this text is in the file more than once: ${was}`)
  return {
    text: text.slice(0, at) + becomes + text.slice(at + was.length),
    line: text.slice(0, at).split('\n').length,
  }
}

function split(line) {
  const [, word, rest] = /^(\S*) ?(.*)$/.exec(line)
  return [word, rest]
}

function testOf(rest) {
  const [path, name] = split(rest)
  return name === '' ? { path } : { path, name }
}

function checkWhole({ at, file, tests, was, becomes }) {
  if (file === undefined || tests.length === 0)
    throw new Error(`${at}: a mutant needs a line "file" and a line "test" before it`)
  if (was === undefined || becomes === undefined) throw new Error(`${at}: needs a line with - and one with +`)
}

/** An id is the file and the mutant's number in that file. */
function numbered(mutants) {
  const counts = new Map()
  return mutants.map((mutant) => {
    const count = (counts.get(mutant.file) ?? 0) + 1
    counts.set(mutant.file, count)
    return { id: `${mutant.file}#${count}`, ...mutant }
  })
}

/**
 * The text of an nginx config → a tree of directives: words, quotes, comments, and blocks in braces. Pure. Any text ends in a tree or
 * an error.
 */
import { invalidConfig, type MillraceError } from '../../errors.js'
import type { Line } from '../place.js'

export interface Directive extends Line {
  /** Undefined: it ends with a semicolon. */
  readonly block: readonly Directive[] | undefined
}

/** More levels than any config has. */
const MOST_LEVELS = 32
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

interface Token {
  readonly line: number
  /** Undefined for a word. */
  readonly mark: '{' | '}' | ';' | undefined
  readonly word: string
}

interface Open {
  readonly line: number
  readonly words: readonly string[]
  readonly block: Directive[]
}

/** Throws `config-invalid`. */
export function parseNginx(text: string, file: string): Directive[] {
  const top: Directive[] = []
  const open: Open[] = []
  let words: string[] = []
  let line = 0
  for (const token of tokensOf(text, file)) {
    const into = open.at(-1)?.block ?? top
    if (token.mark === undefined) {
      if (words.length === 0) line = token.line
      words.push(token.word)
    } else if (token.mark === ';') {
      if (words.length > 0) into.push({ file, line, words, block: undefined })
      words = []
    } else if (token.mark === '{') {
      if (open.length >= MOST_LEVELS)
        throw broken(file, token.line, `blocks nest more than ${MOST_LEVELS} levels deep`)
      open.push({ line: words.length > 0 ? line : token.line, words, block: [] })
      words = []
    } else {
      const closed = open.pop()
      if (closed === undefined) throw broken(file, token.line, 'this "}" closes no block: remove it')
      if (words.length > 0) throw broken(file, line, 'a ";" is missing: add it')
      const around = open.at(-1)?.block ?? top
      around.push({ file, line: closed.line, words: closed.words, block: closed.block })
    }
  }
  const [unclosed] = open
  if (unclosed !== undefined) throw broken(file, unclosed.line, 'this block is not closed: add a "}"')
  if (words.length > 0) throw broken(file, line, 'a ";" is missing: add it')
  return top
}

function* tokensOf(text: string, file: string): Generator<Token> {
  let line = 1
  let at = 0
  while (at < text.length) {
    const char = text[at]!
    if (char === '\n') line++
    if (/\s/.test(char)) at++
    else if (char === '#') at = endOf(text, '\n', at)
    else if (char === '{' || char === '}' || char === ';') {
      yield { line, mark: char, word: '' }
      at++
    } else {
      const begun = line
      const { word, end } = char === '"' || char === "'" ? quoted(text, at, file, line) : plain(text, at)
      for (let index = at; index < end; index++) if (text[index] === '\n') line++
      at = end
      yield { line: begun, mark: undefined, word }
    }
  }
}

/** A word ends at a space, a semicolon or a brace. `${` is part of it. */
function plain(text: string, from: number): { word: string; end: number } {
  let word = ''
  let at = from
  for (; at < text.length; at++) {
    const char = text[at]!
    if (char === '\\' && at + 1 < text.length) word += unescaped(text[++at]!)
    else if (char === '$' && text[at + 1] === '{') {
      const end = endOf(text, '}', at)
      word += text.slice(at, end + 1)
      at = end
    } else if (/[\s;{}]/.test(char)) break
    else word += char
  }
  return { word, end: at }
}

function quoted(text: string, from: number, file: string, line: number): { word: string; end: number } {
  const quote = text[from]
  let word = ''
  for (let at = from + 1; at < text.length; at++) {
    const char = text[at]!
    if (char === quote) return { word, end: at + 1 }
    if (char === '\\' && at + 1 < text.length) word += unescaped(text[++at]!)
    else word += char
  }
  throw broken(file, line, `a quotation mark ${quote} is not closed: close it`)
}

/** Unknown escapes keep their backslash: regular expressions have many. */
const unescaped = (char: string): string =>
  ESCAPES.get(char) ?? ('"\'\\ ;{}'.includes(char) ? char : `\\${char}`)

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from)
  return end === -1 ? text.length : end
}

const broken = (file: string, line: number, message: string): MillraceError =>
  invalidConfig([{ file, line, column: 1, path: '', message }])

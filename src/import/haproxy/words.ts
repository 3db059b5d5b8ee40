/**
 * Lines of an HAProxy config → words, by the quoting rules of its manual (section 2.2): a backslash escapes, double quotes keep
 * spaces and expand variables, single quotes keep everything, and `#` begins a comment. Pure. Any text ends in lines or an error.
 */
import { invalidConfig, type MillraceError } from '../../errors.js'
import type { Line } from '../place.js'

/** HAProxy takes 64 words. A longer line is the wrong file. */
const MOST_WORDS = 1000

/** In the order of the file, without empty lines. Throws `config-invalid`. */
export function linesOf(text: string, file: string): Line[] {
  return text.split(/\r?\n/).flatMap((raw, index) => {
    const words = wordsOf(raw, file, index + 1)
    return words.length === 0 ? [] : [{ file, line: index + 1, words }]
  })
}

function wordsOf(raw: string, file: string, line: number): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < raw.length; at++) {
    const char = raw[at]!
    if (quote === "'") {
      if (char === "'") quote = ''
      else word += char
    } else if (char === '\\' && at + 1 < raw.length) {
      const { text, length } = escaped(raw, at, quote)
      word = (word ?? '') + text
      at += length - 1
    } else if (char === '"' || (char === "'" && quote === '')) {
      quote = quote === '' ? char : ''
      word ??= ''
    } else if (quote === '' && char === '#') break
    else if (quote === '' && /\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
  }
  if (quote !== '') throw broken(file, line, `a quotation mark ${quote} is not closed: close it`)
  if (word !== undefined) words.push(word)
  if (words.length > MOST_WORDS)
    throw broken(file, line, `it has more than ${MOST_WORDS} words: is it the right file?`)
  return words
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ...Array.from(' #\'"\\', (each): [string, string] => [each, each]),
])

/** What a backslash and the characters behind it stand for, and how many characters that were. */
function escaped(raw: string, at: number, quote: string): { readonly text: string; readonly length: number } {
  const next = raw[at + 1]!
  const hex = /^x([\da-f]{2})/i.exec(raw.slice(at + 1, at + 4))?.[1]
  if (hex !== undefined) return { text: String.fromCharCode(Number.parseInt(hex, 16)), length: 4 }
  if (next === '$' && quote === '"') return { text: next, length: 2 }
  const text = ESCAPES.get(next)
  return text === undefined ? { text: '\\', length: 1 } : { text, length: 2 }
}

const broken = (file: string, line: number, message: string): MillraceError =>
  invalidConfig([{ file, line, column: 1, path: '', message }])

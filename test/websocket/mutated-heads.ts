/** Damaged heads, made from good ones, as an attacker might send them. */
import { random } from '../support/bytes.js'

export type Random = () => number

export const below = (next: Random, limit: number): number => Math.floor(next() * limit)
export const oneOf = <T>(next: Random, all: ArrayLike<T>): T => all[below(next, all.length)]!
export { random }

const MOST_CHANGES = 4
/** Texts that the parsers look for. */
const TELLING = [
  ...[
    '\r\n',
    '\r',
    '\n',
    '\0',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '/',
    '?',
    '#',
    '%',
    '%2e',
    '..',
    '\\',
    '@',
    '[',
    ']',
  ],
  ...['\x7f', '\x80', '\xff', '0', '1', '9', 'a', 'Z', '*', '-', '_', '"', '\r\n ', '\r\n\r\n', 'http://'],
]
const LINES = [
  ...['Host: a', 'Host: a:80', 'host : a', 'Content-Length: 0', 'Content-Length: 5', 'Content-Length: 05'],
  ...['Transfer-Encoding: chunked', 'Transfer-Encoding: gzip', 'Transfer-Encoding:', ' folded', 'X:', ': x'],
  ...[
    'Connection: close',
    'Connection: upgrade, x',
    'Connection: host',
    'Upgrade: h2c',
    'Upgrade: websocket',
  ],
  ...[
    'X-Forwarded-For: 1',
    'X_Forwarded_Host: 2',
    'Sec-WebSocket-Version: 8',
    'Expect: 100-continue',
    'TE: x',
  ],
].map((line) => `${line}\r\n`)

/** Text of latin1, so that a character is a byte. */
type Change = (text: string, at: number, next: Random) => string

const CHANGES: readonly Change[] = [
  function flipBit(text, at, next) {
    const flipped = String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << below(next, 8)))
    return text.slice(0, at) + flipped + text.slice(at + 1)
  },
  function replace(text, at, next) {
    return text.slice(0, at) + oneOf(next, TELLING) + text.slice(at + 1)
  },
  function insert(text, at, next) {
    return text.slice(0, at) + oneOf(next, TELLING) + text.slice(at)
  },
  function remove(text, at, next) {
    return text.slice(0, at) + text.slice(at + 1 + below(next, 3))
  },
  function repeat(text, at, next) {
    return text.slice(0, at + below(next, 40)) + text.slice(at)
  },
  function cut(text, at) {
    return text.slice(0, at)
  },
  function insertLine(text, at, next) {
    const line = text.indexOf('\r\n', at) + 2
    return text.slice(0, line) + oneOf(next, LINES) + text.slice(line)
  },
  function removeLine(text, at) {
    const line = text.indexOf('\r\n', at)
    return line === -1
      ? text
      : text.slice(0, line) + text.slice(Math.max(line, text.indexOf('\r\n', line + 2)))
  },
  function changeCase(text, at) {
    const letters = text.slice(at, at + 5)
    const other = letters === letters.toLowerCase() ? letters.toUpperCase() : letters.toLowerCase()
    // The capitals of some high letters do not fit into a byte.
    return text.slice(0, at) + (/^[\0-\xff]*$/.test(other) ? other : letters) + text.slice(at + 5)
  },
]

/** One of `seeds` with a few changes. */
export function mutate(seeds: readonly Buffer[], next: Random): Buffer {
  const seed = oneOf(next, seeds)
  let text = seed.toString('latin1')
  for (let left = 1 + below(next, MOST_CHANGES); left > 0; left--) {
    text = oneOf(next, CHANGES)(text, below(next, text.length + 1), next)
  }
  return Buffer.from(text, 'latin1')
}

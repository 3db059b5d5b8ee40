/**
 * What request and response heads of HTTP/1.1 have in common (RFC 9112 sections 2 and 5): lines ended by CRLF, a
 * first one, fields, an empty one. Pure and without memory between calls. Strict, because whatever is forgiven
 * here a backend may read differently: no line ended by CR or LF alone, no folded field, no space before a colon.
 * docs/http-grammar.md has the decisions.
 */
import type { Answer } from '../../peek/answer.js'
import type { ErrorStatus } from '../error-answer.js'
import { type Field, trimSpace } from './fields.js'

/** The longest head, its empty line included. */
export const MOST_HEAD_BYTES = 16 * 1024
/** Backends keep only so many, and some forget the rest without a word. */
export const MOST_FIELDS = 100

export interface Refusal {
  readonly kind: 'no-match'
  /** What is wrong, in words of our own. */
  readonly reason: string
  /** What to answer a client with. */
  readonly status: ErrorStatus
}

/** As src/peek/answer.ts says, and a refusal knows its status. */
export type HeadAnswer<Head> = Exclude<Answer<Head>, { readonly kind: 'no-match' }> | Refusal

/** What is special about requests, or about responses. */
export interface Grammar<Head> {
  /** Empty lines before the first are of the head, and ignored. */
  readonly mayFollowEmptyLines: boolean
  /** What cannot be right in the first line, or in as much of it as there is. */
  checkStart(line: string, isWhole: boolean): Refusal | undefined
  /** The head of a checked first line and these fields, or what is wrong. Not whole: more fields may follow. */
  read(start: string, fields: readonly Field[], isWhole: boolean): Head | string
}

const CRLF = '\r\n'
const END = '\r\n\r\n'
const EMPTY_LINES = /^(?:\r\n)+/
const NAME_SO_FAR = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]*$/
/** Bytes above 0x7f are old, opaque and allowed. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** Allowed by the RFC, written by nobody, and refused by Node's own parser among others. */
const TAB_BY_LENGTH = /^content-length:.*\t/i

export const refuse = (reason: string, status: ErrorStatus = 400): Refusal => ({
  kind: 'no-match',
  reason,
  status,
})

/** The head that `bytes` begin with. Nothing in a match shares memory with `bytes`. */
export function readHead<Head extends object>(bytes: Buffer, grammar: Grammar<Head>): HeadAnswer<Head> {
  const text = bytes.toString('latin1', 0, MOST_HEAD_BYTES)
  // After a CR nothing but an LF can be right, so the line is judged as if it were there.
  const whole = text.endsWith('\r') ? `${text}\n` : text
  const judged = grammar.mayFollowEmptyLines ? whole.replace(EMPTY_LINES, '') : whole
  const end = judged.indexOf(END)
  const isWhole = end !== -1
  const [start = '', ...lines] = (isWhole ? judged.slice(0, end) : judged).split(CRLF)
  const open = isWhole ? undefined : lines.pop()
  const isStartWhole = isWhole || open !== undefined

  const refusal = grammar.checkStart(start, isStartWhole) ?? checkFields(lines, open)
  if (refusal !== undefined) return refusal
  const value = isStartWhole ? grammar.read(start, lines.map(readField), isWhole) : undefined
  if (typeof value === 'string') return refuse(value)

  const size = whole.length - judged.length + end + END.length
  if (value !== undefined && isWhole && size <= text.length) return { kind: 'match', value, bytes: size }
  return text.length < MOST_HEAD_BYTES ? { kind: 'need-more' } : tooLarge(`${MOST_HEAD_BYTES} bytes`)
}

/** The lines of a head that was read, its first to its last field and two empty ones. */
export function headLines(original: Buffer): string[] {
  return original.toString('latin1').replace(EMPTY_LINES, '').split(CRLF)
}

export const tooLarge = (limit: string): Refusal => refuse(`head of more than ${limit}`, 431)

function checkFields(lines: readonly string[], open: string | undefined): Refusal | undefined {
  if (lines.length > MOST_FIELDS) return tooLarge(`${MOST_FIELDS} fields`)
  for (const line of lines) {
    const wrong = wrongField(line, true)
    if (wrong !== undefined) return refuse(wrong)
  }
  const wrong = open === undefined ? undefined : wrongField(open, false)
  return wrong === undefined ? undefined : refuse(wrong)
}

/** What is wrong with a line of fields, or with as much of it as there is. */
export function wrongField(line: string, isWhole: boolean): string | undefined {
  if (/[\r\n]/.test(line)) return 'CR or LF alone'
  const colon = line.indexOf(':')
  const name = colon === -1 ? line : line.slice(0, colon)
  if (!NAME_SO_FAR.test(name) || colon === 0) return 'bad field name'
  if (isWhole && colon === -1) return 'field without a colon'
  if (TAB_BY_LENGTH.test(line)) return 'bad Content-Length'
  return colon === -1 || VALUE.test(line.slice(colon)) ? undefined : 'bad byte in a field'
}

function readField(line: string): Field {
  const colon = line.indexOf(':')
  return { name: line.slice(0, colon), value: trimSpace(line.slice(colon + 1)) }
}

/**
 * What request and response heads of HTTP/1.1 have in common (RFC 9112 sections 2 and 5): lines that end with
 * CRLF. These are a first line, fields and an empty line. Pure, without memory between calls. It is strict,
 * because a backend may read differently what is tolerated here: no line ends with CR or LF alone, no field
 * is folded, no space stands before a colon. docs/http-grammar.md has the decisions.
 */
import type { Answer } from '../../peek/answer.js'
import type { ErrorStatus } from '../error-answer.js'
import { type Field, trimSpace } from './fields.js'

/** The longest head, empty line included. */
export const MOST_HEAD_BYTES = 16 * 1024
/** Backends keep only so many fields. Some drop the rest without a word. */
export const MOST_FIELDS = 100

export interface Refusal {
  readonly kind: 'no-match'
  /** What is wrong, in words of our own. */
  readonly reason: string
  /** What to answer to a client. */
  readonly status: ErrorStatus
}

/** As in src/peek/answer.ts, but a refusal has a status. */
export type HeadAnswer<Head> = Exclude<Answer<Head>, { readonly kind: 'no-match' }> | Refusal

/** What differs between requests and responses. */
export interface Grammar<Head> {
  /** Whether empty lines before the first line belong to the head. They are ignored. */
  readonly mayFollowEmptyLines: boolean
  /** What is wrong with the first line, as far as it has come. */
  checkStart(line: string, isWhole: boolean): Refusal | undefined
  /** The head of a checked first line and these fields, or what is wrong. Not `isWhole`: more may follow. */
  read(start: string, fields: readonly Field[], isWhole: boolean): Head | string
}

const CRLF = '\r\n'
const END = '\r\n\r\n'
const EMPTY_LINES = /^(?:\r\n)+/
const NAME_SO_FAR = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]*$/
/** Bytes above 0x7f are old, opaque and allowed. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** The RFC allows it, nobody writes it, and Node's own parser refuses it, like others. */
const TAB_BY_LENGTH = /^content-length:.*\t/i

export const refuse = (reason: string, status: ErrorStatus = 400): Refusal => ({
  kind: 'no-match',
  reason,
  status,
})

/** Reads the head at the start of `bytes`. Nothing in a match shares memory with `bytes`. */
export function readHead<Head extends object>(bytes: Buffer, grammar: Grammar<Head>): HeadAnswer<Head> {
  const text = bytes.toString('latin1', 0, MOST_HEAD_BYTES)
  // After a CR only an LF can be right. So the line is checked as if the LF were there.
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

/** The lines of a head that was read: the first line, all fields, and two empty lines. */
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

/** What is wrong with a line of a field, as far as it has come. */
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

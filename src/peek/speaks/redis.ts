/**
 * Whether bytes begin Redis (Redis serialization protocol specification, "Sending commands" and "Inline commands"). Clients
 * send a command as an array of bulk strings. People and checks also send a line of text. Only lines that no other known
 * protocol has count: INFO with something behind it is also a request of SIP. Pure, without memory between calls.
 */
import type { Detected } from './beginning.js'

/** The longest beginning: `*`, a number of 7 digits, the end of the line, `$` and a digit. */
export const REDIS_BYTES = 12

const ARRAY = /^\*[1-9]\d{0,6}\r\n\$\d/
const PART_OF_ARRAY = /^(?:\*(?:[1-9]\d{0,6}(?:\r(?:\n\$?)?)?)?)?$/
/** Redis takes commands in capitals and in small letters. */
const LINE = /^(?:ping[\r\n]|info[\r\n]|auth )/i
const PART_OF_LINE = /^(?:p(?:i(?:ng?)?)?|i(?:n(?:fo?)?)?|a(?:u(?:th?)?)?)?$/i

export function beginsRedis(bytes: Buffer): Detected {
  const text = bytes.toString('latin1', 0, REDIS_BYTES)
  if (ARRAY.test(text) || LINE.test(text)) return 'match'
  return PART_OF_ARRAY.test(text) || PART_OF_LINE.test(text) ? 'need-more' : 'no-match'
}

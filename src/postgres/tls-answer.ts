/**
 * What a Postgres server answers to an SSLRequest (PostgreSQL documentation, "SSL Session Encryption"): one byte,
 * and nothing behind it before the handshake. Pure.
 */
import type { Answer } from '../peek/answer.js'

/** The answer, and one byte more: that there is one is reason enough. */
export const MOST_ANSWER_BYTES = 2

const YES = 'S'.charCodeAt(0)
const NO = 'N'.charCodeAt(0)
/** Of an ErrorResponse: the server is too old, or out of something. */
const ERROR = 'E'.charCodeAt(0)

/** A match is a yes. Bytes behind it came in the clear, and would be taken for what is said inside TLS (CVE-2021-23222). */
export function readTlsAnswer(bytes: Buffer): Answer<true> {
  const [first] = bytes
  if (first === undefined) return { kind: 'need-more' }
  if (first === NO) return noMatch('the backend offers no TLS')
  if (first === ERROR) return noMatch('the backend answered with an error')
  if (first !== YES) return noMatch('not Postgres')
  return bytes.length > 1 ? noMatch('bytes before the handshake') : { kind: 'match', value: true, bytes: 1 }
}

const noMatch = (reason: string): Answer<never> => ({ kind: 'no-match', reason })

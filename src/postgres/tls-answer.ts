/**
 * What a Postgres server answers to an SSLRequest (PostgreSQL documentation, "SSL Session Encryption"). It is
 * one byte, with nothing behind it before the handshake. Pure.
 */
import type { Answer } from '../peek/answer.js'

/** The answer, and one byte more. If there is one more, that alone is a reason to refuse. */
export const MOST_ANSWER_BYTES = 2

const YES = 'S'.charCodeAt(0)
const NO = 'N'.charCodeAt(0)
/** Begins an ErrorResponse: the server is too old, or lacks a resource. */
const ERROR = 'E'.charCodeAt(0)

/** A match means yes. Bytes behind it came in the clear: TLS code would trust them (CVE-2021-23222). */
export function readTlsAnswer(bytes: Buffer): Answer<true> {
  const [first] = bytes
  if (first === undefined) return { kind: 'need-more' }
  if (first === NO) return noMatch('the backend offers no TLS')
  if (first === ERROR) return noMatch('the backend answered with an error')
  if (first !== YES) return noMatch('not Postgres')
  return bytes.length > 1 ? noMatch('bytes before the handshake') : { kind: 'match', value: true, bytes: 1 }
}

const noMatch = (reason: string): Answer<never> => ({ kind: 'no-match', reason })

/**
 * Tells a client no in the protocol of Postgres: an ErrorResponse instead of a request for the password (PostgreSQL
 * documentation, "Message Formats" and "Error and Notice Message Fields"). Pure.
 */
import type { Language, Reason } from './refused.js'

const ERROR_RESPONSE = 'E'
/** The length counts itself. */
const LENGTH_BYTES = 4

/**
 * SQLSTATE and text. Drivers with several hosts try the next one after 57P03, `cannot_connect_now`. 28000 is what a server
 * answers to a client that pg_hba.conf does not let in.
 */
const ERRORS: Record<Reason, readonly [code: string, text: string]> = {
  denied: ['28000', 'connection not allowed'],
  unknown: ['28000', 'no server for this connection'],
  'too-many': ['53300', 'sorry, too many clients already'],
  unavailable: ['57P03', 'no server is available'],
}

/** Fields: severity, the same untranslated, SQLSTATE, and text. Each ends with a zero byte, and so does their list. */
function errorResponse(code: string, text: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`)
  const head = Buffer.alloc(ERROR_RESPONSE.length + LENGTH_BYTES)
  head.write(ERROR_RESPONSE)
  head.writeUInt32BE(LENGTH_BYTES + fields.length, ERROR_RESPONSE.length)
  return Buffer.concat([head, fields])
}

export const POSTGRES: Language = {
  bytes: ({ reason }) => errorResponse(...ERRORS[reason]),
  shown: (reason) => `FATAL ${ERRORS[reason].join(': ')}`,
}

/**
 * Tells a client no in the protocol of Redis: an error instead of the answer to its first command (Redis serialization
 * protocol specification, "Simple errors"). RESP2 and RESP3 write it in the same way. Pure.
 */
import type { Language, Reason } from './refused.js'

/** The first word is the kind of the error. Clients know the third one from Redis and its `maxclients`. */
const ERRORS: Record<Reason, string> = {
  denied: 'DENIED connection not allowed',
  unknown: 'ERR no server for this connection',
  'too-many': 'ERR max number of clients reached',
  unavailable: 'ERR no server is available',
}

export const REDIS: Language = {
  bytes: ({ reason }) => Buffer.from(`-${ERRORS[reason]}\r\n`),
  shown: (reason) => `-${ERRORS[reason]}`,
}

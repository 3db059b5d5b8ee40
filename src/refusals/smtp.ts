/**
 * Tells a client no in SMTP: 421 instead of the greeting (RFC 5321 sections 3.8 and 4.2.1, RFC 3463 for the code behind it).
 * The client waits for the greeting, so it need not say anything first. After 421 a mail server keeps its mail and tries
 * again later, so a wrong list loses no mail. Pure.
 */
import type { Language, Reason } from './refused.js'

const REPLIES: Record<Reason, string> = {
  denied: '4.7.0 Connection not allowed, closing transmission channel',
  unknown: '4.3.5 No server for this connection, closing transmission channel',
  'too-many': '4.3.2 Too many connections, closing transmission channel',
  unavailable: '4.3.2 No server is available, closing transmission channel',
}

export const SMTP: Language = {
  bytes: ({ reason }) => Buffer.from(`421 ${REPLIES[reason]}\r\n`),
  shown: (reason) => `421 ${REPLIES[reason]}`,
}

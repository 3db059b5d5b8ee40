/**
 * Tells a client no in TLS: a fatal alert in the clear, instead of a ServerHello (RFC 8446 sections 5.1 and 6.2, RFC 6066
 * section 3). Every version of TLS reads it. Pure.
 */
import type { Language, Reason } from './refused.js'

const ALERT = 21
/** What every record says since TLS 1.2, RFC 8446 section 5.1. */
const LEGACY_VERSION = [3, 3]
const LENGTH = [0, 2]
const FATAL = 2

/** The numbers are of RFC 8446 section 6. */
const ALERTS: Record<Reason, readonly [name: string, code: number]> = {
  denied: ['access_denied', 49],
  unknown: ['unrecognized_name', 112],
  'too-many': ['access_denied', 49],
  unavailable: ['internal_error', 80],
}

export const TLS: Language = {
  bytes: ({ reason }) => Buffer.from([ALERT, ...LEGACY_VERSION, ...LENGTH, FATAL, ALERTS[reason][1]]),
  shown: (reason) => `alert ${ALERTS[reason][0]}`,
}

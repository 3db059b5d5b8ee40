/**
 * Tells a client no in HTTP: the response that a listener with `protocol: http` gives, too. Pure.
 */
import { type ErrorStatus, errorAnswer } from '../websocket/error-answer.js'
import type { Language, Refused } from './refused.js'

/** Statuses after which the client may come again (RFC 6585 section 4, RFC 9110 section 15.6.4). */
const FOR_A_WHILE: ReadonlySet<ErrorStatus> = new Set([429, 503])

/** The whole response. After 429 and 503 the client learns when it may come again (RFC 9110 section 10.2.3). */
export function httpRefusal({ status, retryAfterSeconds }: Omit<Refused, 'reason'>): Buffer {
  const again = { name: 'Retry-After', value: String(retryAfterSeconds) }
  return errorAnswer(status, '', FOR_A_WHILE.has(status) ? [again] : [])
}

export const HTTP: Language = {
  bytes: httpRefusal,
  shown: (reason) => {
    if (reason === 'denied') return '403'
    if (reason === 'unknown') return '404'
    return reason === 'too-many' ? '429 or 503, with `Retry-After`' : '503 with `Retry-After`, or another 5xx'
  },
}

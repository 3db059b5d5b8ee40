/**
 * Whether bytes begin with other bytes. Pure, without memory between calls.
 */
import type { Answer } from '../answer.js'

/** What a detector says of the bytes so far. `need-more`: they may still become a match. */
export type Detected = Answer<unknown>['kind']

/** Decides at the first byte that differs from `start`. */
export function beginsWith(bytes: Buffer, start: Buffer): Detected {
  const length = Math.min(bytes.length, start.length)
  if (bytes.compare(start, 0, length, 0, length) !== 0) return 'no-match'
  return bytes.length < start.length ? 'need-more' : 'match'
}

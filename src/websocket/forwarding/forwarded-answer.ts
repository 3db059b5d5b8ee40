/**
 * The head of a backend's response as it goes to the client. Pure. Every final response is the last one on
 * its connection and says so. Otherwise a client that pools connections would send its next request into one
 * that is closing. Our fields stand first, because some readers of heads drop the last fields. Faults that
 * millrace tolerates in a backend are corrected, so that the client need not tolerate them, too.
 */
import { type Field, readLength, valuesOf } from '../heads/fields.js'
import { headLines } from '../heads/head.js'
import type { ResponseHead } from '../heads/response-head.js'
import type { Acceptance } from '../upgrade.js'
import { oneHopNames } from './one-hop.js'

/** The backend cannot get these dropped by naming them in `Connection`. */
const isFraming = (name: string): boolean => name === 'content-length' || name === 'transfer-encoding'
/** A status line without words, and without the space that must come before them (RFC 9112 section 4). */
const BARE_STATUS = /^\S+ \d+$/

/**
 * `original` has the bytes that `head` was read from, to the end of its empty line and no further. The head
 * of an accepted upgrade keeps its fields. Any other head loses those that are meant for one hop.
 */
export function forwardedAnswer(
  original: Buffer,
  { fields }: ResponseHead,
  kind: Exclude<Acceptance['kind'], 'bad'>,
): Buffer {
  const [start = '', ...lines] = headLines(original)
  const length = mendedLength(fields)
  const dropped = new Set<string>(kind === 'accepted' ? [] : oneHopNames(fields, isFraming))
  if (length !== undefined) dropped.add('content-length')
  const kept = lines.filter((_, i) => i < fields.length && !dropped.has(fields[i]!.name.toLowerCase()))
  const added = [...(kind === 'final' ? ['Connection: close'] : []), ...(length ?? [])]
  return Buffer.from([mendedStart(start), ...added, ...kept, '', ''].join('\r\n'), 'latin1')
}

const mendedStart = (start: string): string => (BARE_STATUS.test(start) ? `${start} ` : start)

/** One field in place of several equal ones, or of one with leading zeros. Undefined if all is right. */
function mendedLength(fields: readonly Field[]): string[] | undefined {
  const length = readLength(fields, 'backend')
  const isMended = typeof length === 'number' && valuesOf(fields, 'content-length').join() !== String(length)
  return isMended ? [`Content-Length: ${length}`] : undefined
}

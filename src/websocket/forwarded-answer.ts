/**
 * The head of a backend's response as it goes to the client. Pure. Every final answer is the last one on its
 * connection and says so, or a client that pools connections would send its next request into one that is closing.
 * Ours stand first, because some readers of heads forget the last fields.
 * What says how long the body is stays as it came.
 */
import { oneHopNames } from './one-hop.js'
import type { ResponseHead } from './response-head.js'
import type { Acceptance } from './upgrade.js'

/** The backend cannot drop these by naming them in `Connection`. */
const isFraming = (name: string): boolean => name === 'content-length' || name === 'transfer-encoding'
const NOTHING: ReadonlySet<string> = new Set()

/**
 * `original` are the bytes `head` was read from, to the end of its empty line and no further. The head of an accepted
 * upgrade keeps its fields; of any other those meant for one hop are dropped.
 */
export function forwardedAnswer(
  original: Buffer,
  { fields }: ResponseHead,
  kind: Exclude<Acceptance['kind'], 'bad'>,
): Buffer {
  const [start, ...lines] = original.toString('latin1').split('\r\n')
  const dropped = kind === 'accepted' ? NOTHING : oneHopNames(fields, isFraming)
  const kept = lines.filter((_, i) => i < fields.length && !dropped.has(fields[i]!.name.toLowerCase()))
  const added = kind === 'final' ? ['Connection: close'] : []
  return Buffer.from([start, ...added, ...kept, '', ''].join('\r\n'), 'latin1')
}

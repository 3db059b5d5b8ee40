/** Plays the backend of a conversation, without a connection. */
import { type Conversation, MOST_READ_BYTES } from '../../src/probes/conversation.js'

const NOTHING = Buffer.alloc(0)

export interface Course<Found> {
  readonly sent: string[]
  /** Undefined: the conversation waits for more bytes. */
  readonly found: Found | undefined
  readonly explanation: string
}

/** Gives the conversation these bytes, one piece after another, until it is over. Each send takes those before it away. */
export function play<Found>(conversation: Conversation<Found>, pieces: readonly Buffer[]): Course<Found> {
  const sent: string[] = []
  let received: Buffer = NOTHING
  for (const piece of [NOTHING, ...pieces]) {
    received = Buffer.concat([received, piece]).subarray(0, MOST_READ_BYTES)
    let move = conversation.next(received)
    for (; move.kind === 'send'; move = conversation.next(received)) {
      sent.push(move.bytes.toString('latin1'))
      received = NOTHING
    }
    if (move.kind === 'over') return { sent, found: move.found, explanation: '' }
  }
  return { sent, found: undefined, explanation: conversation.explain(received) }
}

/** The bytes, cut at these places. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
}

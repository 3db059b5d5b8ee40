/** Runs a conversation on a stream that is open. It never closes the stream. */
import type { Socket } from 'node:net'
import { type Conversation, MOST_READ_BYTES } from './conversation.js'

export interface ConverseHooks<Found> {
  over(found: Found): void
  /** MOST_READ_BYTES have come, and they were not enough. */
  flooded(): void
}

export interface Conversing {
  /** What the conversation waits for. */
  explain(): string
  /** Reads no more. */
  stop(): void
}

const NOTHING = Buffer.alloc(0)

/** Calls one of `hooks` at most once, perhaps before it returns. */
export function converse<Found>(
  stream: Socket,
  conversation: Conversation<Found>,
  { over, flooded }: ConverseHooks<Found>,
): Conversing {
  let received = NOTHING
  const stop = (): void => {
    stream.off('data', hear).pause()
  }
  const goOn = (): void => {
    let move = conversation.next(received)
    while (move.kind === 'send') {
      stream.write(move.bytes)
      received = NOTHING
      move = conversation.next(received)
    }
    if (move.kind === 'wait' && received.length < MOST_READ_BYTES) return
    stop()
    if (move.kind === 'over') over(move.found)
    else flooded()
  }
  const hear = (chunk: Buffer): void => {
    // All streams are cut at the same byte, however they arrive.
    received = Buffer.concat([received, chunk]).subarray(0, MOST_READ_BYTES)
    goOn()
  }
  stream.on('data', hear)
  goOn()
  return { explain: () => conversation.explain(received), stop }
}

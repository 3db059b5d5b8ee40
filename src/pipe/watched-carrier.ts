/**
 * Shows a direction's first bytes to somebody as they go by, and makes room for the carrier it would have had as soon
 * as that somebody has seen enough. What the sink does not take stays in the source, so nothing is ever inside; ends
 * and errors are left to the next carrier, which has its own proof of them.
 */
import { BROKEN, PEER_ENDED, READABLE, type Socket, WRITABLE } from '../io/socket.js'
import { type Carrier, type CarrierName, MUST_WAIT } from './carrier.js'
import type { Flow } from './flow.js'

/** Is shown what the sink has taken, a view that is good until it returns. True once it needs to see no more. */
export type Watch = (bytes: Buffer) => boolean

const MOST_SHOWN_BYTES = 64 * 1024

export class WatchedCarrier implements Carrier {
  readonly name: CarrierName
  isDone = false
  readonly #watch: Watch

  constructor({ source, sink }: Flow, watch: Watch) {
    this.name = source.kind === 'fd' && sink.kind === 'fd' ? 'copy' : 'stream'
    this.#watch = watch
  }

  move(flow: Flow): number {
    const { source, sink } = flow
    if (!flow.canMove) {
      // A stream that was not asked reads nothing.
      if ((sink.ready & WRITABLE) !== 0 && (source.ready & READABLE) === 0) source.awaitMore()
      return 0
    }
    const bytes = source.peek(MOST_SHOWN_BYTES)
    if (bytes.length === 0) {
      this.#foundNothing(source)
      return 0
    }
    const sent = sink.send(bytes)
    if (sent === 0) return (sink.ready & WRITABLE) !== 0 && sink.error === undefined ? MUST_WAIT : 0
    this.isDone = this.#watch(bytes.subarray(0, sent))
    source.read(sent)
    flow.took(sent)
    flow.gave(sent)
    return sent
  }

  drop(): void {
    // What was not taken goes with its socket.
  }

  #foundNothing(source: Socket): void {
    if ((source.ready & (PEER_ENDED | BROKEN)) !== 0) {
      this.isDone = true
      return
    }
    source.ready &= ~READABLE
    source.awaitMore()
  }
}

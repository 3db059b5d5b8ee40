/**
 * Shows a direction's first bytes to a watcher as they pass. When the watcher has seen enough, the direction
 * gets the carrier that it would have had. What the sink does not take stays in the source, so nothing is
 * ever inside. The next carrier deals with ends and errors, because it proves them itself.
 */
import { BROKEN, PEER_ENDED, READABLE, type Socket, WRITABLE } from '../io/socket.js'
import { type Carrier, type CarrierName, MUST_WAIT } from './carrier.js'
import type { Flow } from './flow.js'

/** Gets what the sink has taken, valid until it returns. Returns true when it needs to see no more. */
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

  move(flow: Flow, budget: number): number {
    const { source, sink } = flow
    if (!flow.canMove || budget === 0) {
      // A stream reads nothing until it is asked.
      if ((sink.ready & WRITABLE) !== 0 && (source.ready & READABLE) === 0) source.awaitMore()
      return 0
    }
    const bytes = source.peek(Math.min(MOST_SHOWN_BYTES, budget))
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
    // What nobody took is lost with its socket.
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

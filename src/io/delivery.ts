/**
 * Whether a peer has what was sent to it, asked before a connection is closed: a close ends the patience of the kernel,
 * which answers the peer's next byte with a reset and throws away what it had not delivered. It only asks, and owns
 * nothing.
 */
import { BROKEN, PEER_ENDED, type Socket } from './socket.js'

/** A peer that was told goodbye has so long, without progress, to take it and to close (ms). */
export const GOODBYE_MS = 30_000
/** One that has everything and is silent for so long has no more to say that a close could answer with a reset (ms). */
export const LULL_MS = 5000
/** Before a reset that would destroy what is queued, its peer has so long without progress to take it (ms). */
export const GRACE_MS = 1000
/** TCP counts FIN as a byte: with no more than it unacknowledged, every byte has arrived. */
const FIN_BYTES = 1

export class Delivery {
  readonly #socket: Socket
  #left: number | undefined
  #isDone = false

  constructor(socket: Socket) {
    this.#socket = socket
    this.hasProgressed()
  }

  /** Whether the peer has taken more since the last look. */
  hasProgressed(): boolean {
    const before = this.#left
    const acknowledged = this.#unacknowledged()
    const left = acknowledged ?? this.#socket.queuedBytes
    this.#left = left
    if (acknowledged === 0 && !this.#isBroken) this.#isDone = true
    return before !== undefined && left < before
  }

  /**
   * Whether the peer has everything, FIN included. Where the system does not tell, a peer that has ended in order is
   * taken to have read what has left this process.
   */
  isDone(): boolean {
    this.#isDone ||= this.#isBroken ? this.#hadEverything() : this.#hasEverything()
    return this.#isDone
  }

  /** Whether nobody can tell more than that it has left this process. */
  get isUnknown(): boolean {
    return this.#socket.isFlushed && this.#unacknowledged() === undefined
  }

  #hasEverything(): boolean {
    const left = this.#unacknowledged()
    if (left !== undefined) return left === 0
    return this.#socket.isFlushed && (this.#socket.ready & PEER_ENDED) !== 0
  }

  /** After a reset only a TCP socket of our own can still be asked; one of unix is reset because something was unread. */
  #hadEverything(): boolean {
    const { kind } = this.#socket
    if (kind !== 'fd' || this.#socket.localAddress()?.kind !== 'tcp') return false
    return (this.#unacknowledged() ?? 0) <= FIN_BYTES
  }

  #unacknowledged(): number | undefined {
    return this.#socket.unacknowledgedBytes()
  }

  get #isBroken(): boolean {
    return this.#socket.error !== undefined || (this.#socket.ready & BROKEN) !== 0
  }
}

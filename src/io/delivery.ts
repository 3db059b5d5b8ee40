/**
 * Tells whether a peer has received everything that was sent to it. Callers ask before they close a
 * connection. After a close, the kernel answers the peer's next byte with a reset and discards what it has
 * not delivered. A Delivery only asks. It owns nothing.
 */
import { BROKEN, PEER_ENDED, type Socket } from './socket.js'

/** After our last bytes: how long the peer may make no progress in taking them and closing (ms). */
export const GOODBYE_MS = 30_000
/**
 * How long a peer that has everything must be silent before we close (ms). By then it probably sends no more
 * bytes, which a close would answer with a reset.
 */
export const LULL_MS = 5000
/** Before a reset that destroys queued bytes: how long the peer may make no progress in taking them (ms). */
export const GRACE_MS = 1000
/** TCP counts FIN as a byte. If at most that one is unacknowledged, every byte has arrived. */
const FIN_BYTES = 1

export class Delivery {
  readonly #socket: Socket
  #left: number | undefined
  #isDone = false

  constructor(socket: Socket) {
    this.#socket = socket
    this.hasProgressed()
  }

  /** Whether the peer has taken more since the last call. */
  hasProgressed(): boolean {
    const before = this.#left
    const acknowledged = this.#unacknowledged()
    const left = acknowledged ?? this.#socket.queuedBytes
    this.#left = left
    if (acknowledged === 0 && !this.#isBroken) this.#isDone = true
    return before !== undefined && left < before
  }

  /**
   * Whether the peer has everything, FIN included. Some systems do not tell. There, a peer that ended in
   * order counts as having read everything that left this process.
   */
  isDone(): boolean {
    this.#isDone ||= this.#isBroken ? this.#hadEverything() : this.#hasEverything()
    return this.#isDone
  }

  /** Whether all bytes have left this process and the system cannot tell if the peer has them. */
  get isUnknown(): boolean {
    return this.#socket.isFlushed && this.#unacknowledged() === undefined
  }

  #hasEverything(): boolean {
    const left = this.#unacknowledged()
    if (left !== undefined) return left === 0
    return this.#socket.isFlushed && (this.#socket.ready & PEER_ENDED) !== 0
  }

  /**
   * After a reset, only a TCP socket of our own still knows what the peer acknowledged. A unix socket is
   * reset because the peer left something unread.
   */
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

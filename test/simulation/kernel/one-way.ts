/**
 * One way of a TCP connection: what was sent and has not arrived, and what has arrived and was not taken. The network
 * brings bytes when `arrive` says so; FIN comes behind every byte, and so does a reset behind those that were on their way.
 */
import { ByteQueue } from './byte-queue.js'

/** Who is told at either end. */
export interface Ends {
  /** Bytes or an urgent byte have arrived. */
  came(): void
  ended(): void
  wasReset(): void
  /** There is room again after there was none. */
  hasRoom(): void
}

/** The socket buffers of a way. */
export interface Buffers {
  readonly sendBytes: number
  readonly receiveBytes: number
}

export class OneWay {
  readonly #buffers: Buffers
  readonly #flying = new ByteQueue()
  readonly #arrived = new ByteQueue()
  receiver: Pick<Ends, 'came' | 'ended' | 'wasReset'> | undefined
  sender: Pick<Ends, 'hasRoom'> | undefined
  /** Bytes ever sent, arrived and taken. */
  sent = 0
  arrived = 0
  taken = 0
  isEndSent = false
  isEndArrived = false
  isResetSent = false
  isResetArrived = false
  /** The sender found it full (SOCK_NOSPACE): it is told when there is room. */
  wantsRoom = false
  /** An urgent byte stands before the byte of this number; it is none of the stream's own. */
  #urgentAt = Number.POSITIVE_INFINITY
  #isUrgentArrived = false
  /** Sent, and gone with the connection: the kernel goes on counting them as unacknowledged. */
  #lost = 0
  #isForgotten = false

  constructor(buffers: Buffers) {
    this.#buffers = buffers
  }

  get readable(): number {
    return this.#arrived.length
  }

  /** tcp_poll: an urgent byte has arrived and was not passed. */
  get isUrgent(): boolean {
    return this.#isUrgentArrived && this.#urgentAt !== Number.POSITIVE_INFINITY
  }

  get room(): number {
    return Math.max(0, this.#buffers.sendBytes - this.#flying.length)
  }

  /** sk_stream_is_writable: a third must be free before anybody is told of room. */
  get isWritable(): boolean {
    return this.#flying.length * 3 <= this.#buffers.sendBytes * 2
  }

  /** SIOCOUTQ: FIN counts as a byte. */
  get unacknowledged(): number {
    return this.#flying.length + this.#lost + (this.isEndSent && !this.isEndArrived ? 1 : 0)
  }

  get isUnderWay(): boolean {
    if (this.isResetArrived || this.#isForgotten) return false
    if (this.isResetSent || (this.isEndSent && !this.isEndArrived)) return true
    return this.#flying.length > 0 || (this.arrived >= this.#urgentAt && !this.#isUrgentArrived)
  }

  /** How many were taken. A short send always hears of room. */
  send(bytes: Buffer): number {
    const count = Math.min(this.room, bytes.length)
    if (count < bytes.length) this.wantsRoom = true
    this.#flying.push(Buffer.from(bytes.subarray(0, count)))
    this.sent += count
    return count
  }

  sendUrgent(): void {
    if (this.#urgentAt === Number.POSITIVE_INFINITY && !this.isEndSent) this.#urgentAt = this.sent
  }

  end(): void {
    this.isEndSent = true
  }

  /** RST: `kept` bytes are on their way already, as far as the receiver has room; the others are lost. */
  reset(kept: number): void {
    if (this.isResetSent) return
    this.isResetSent = true
    const open = this.#buffers.receiveBytes - this.#arrived.length
    if (kept < this.#flying.length || open < this.#flying.length) this.isEndSent = this.isEndArrived
    this.#flying.cut(Math.max(0, Math.min(kept, open)))
  }

  /** Nobody is there to take anything any more: nothing arrives, and nothing is acknowledged. */
  forget(): void {
    this.#isForgotten = true
    this.#lost += this.#flying.length
    this.#flying.cut(0)
    this.receiver = undefined
    this.sender = undefined
  }

  /** The network brings at most `most` bytes, or what comes behind the last. Whether anything came. */
  arrive(most: number): boolean {
    if (!this.isUnderWay) return false
    const open = this.#buffers.receiveBytes - this.#arrived.length
    const bytes = this.#flying.take(Math.max(0, Math.min(most, open)))
    this.#arrived.push(bytes)
    this.arrived += bytes.length
    const hasUrgent = !this.#isUrgentArrived && this.arrived >= this.#urgentAt
    if (hasUrgent) this.#isUrgentArrived = true
    if (bytes.length > 0 || hasUrgent) this.receiver?.came()
    if (bytes.length > 0) this.#tellRoom()
    return bytes.length > 0 || hasUrgent || (this.#flying.length === 0 && this.#arriveEnds())
  }

  /** recv(2): stops at an urgent byte, and passes it where it begins there. */
  receive(most: number): Buffer {
    if (this.isUrgent && this.#urgentAt === this.taken) this.#urgentAt = Number.POSITIVE_INFINITY
    return this.#take(most)
  }

  look(most: number): Buffer {
    const limit = this.isUrgent && this.#urgentAt > this.taken ? this.#urgentAt - this.taken : most
    return this.#arrived.peek(Math.min(most, limit))
  }

  /** splice(2): stops at an urgent byte and does not get past it. */
  spliceOff(most: number): Buffer {
    return this.#take(most)
  }

  #take(most: number): Buffer {
    const limit = this.isUrgent ? this.#urgentAt - this.taken : most
    const bytes = this.#arrived.take(Math.min(most, limit))
    this.taken += bytes.length
    return bytes
  }

  #arriveEnds(): boolean {
    if (this.isEndSent && !this.isEndArrived) {
      this.isEndArrived = true
      this.receiver?.ended()
      return true
    }
    if (!this.isResetSent || this.isResetArrived) return false
    this.isResetArrived = true
    this.receiver?.wasReset()
    return true
  }

  #tellRoom(): void {
    if (!this.wantsRoom || !this.isWritable) return
    this.wantsRoom = false
    this.sender?.hasRoom()
  }
}

/**
 * One way of a TCP connection: the bytes that were sent and have not arrived, and those that have arrived and were not
 * taken. `arrive` brings bytes. FIN comes behind all bytes, and a reset behind those that were on their way.
 */
import { ByteQueue } from './byte-queue.js'
import { Pace } from './pace.js'

/** What each end of a way is told. */
export interface Ends {
  /** Ordinary bytes or an urgent byte have arrived. */
  came(): void
  ended(): void
  wasReset(): void
  /** There is room again, after there was none. */
  hasRoom(): void
}

/** The sizes of the two socket buffers of a way. */
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
  /** How many bytes were sent, have arrived and were taken so far. */
  sent = 0
  arrived = 0
  taken = 0
  isEndSent = false
  isEndArrived = false
  isResetSent = false
  isResetArrived = false
  /** The sender found the way full (SOCK_NOSPACE). It is told when there is room. */
  wantsRoom = false
  /** The urgent byte comes before the byte of this number. It does not count as a byte of the stream. */
  #urgentAt = Number.POSITIVE_INFINITY
  #isUrgentArrived = false
  /** Bytes that were sent and are lost with the connection. The kernel still counts them as unacknowledged. */
  #lost = 0
  #isForgotten = false
  #pace: Pace | undefined

  constructor(buffers: Buffers) {
    this.#buffers = buffers
  }

  get readable(): number {
    return this.#arrived.length
  }

  /** tcp_poll: whether an urgent byte has arrived and no read has passed it yet. */
  get isUrgent(): boolean {
    return this.#isUrgentArrived && this.#urgentAt !== Number.POSITIVE_INFINITY
  }

  get room(): number {
    return Math.max(0, this.#buffers.sendBytes - this.#flying.length)
  }

  /** sk_stream_is_writable: a third of the buffer must be free before room is reported. */
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

  /** SO_MAX_PACING_RATE of the sender. Negative: none. */
  setPacing(bytesPerSecond: number): void {
    this.#pace = bytesPerSecond < 0 ? undefined : new Pace(bytesPerSecond, performance.now())
  }

  /** Returns how many bytes were taken. After a short send the sender is told when there is room. */
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

  /** RST: `kept` bytes still arrive, as far as the receiver has room. The others are lost. */
  reset(kept: number): void {
    if (this.isResetSent) return
    this.isResetSent = true
    const open = this.#buffers.receiveBytes - this.#arrived.length
    if (kept < this.#flying.length || open < this.#flying.length) this.isEndSent = this.isEndArrived
    this.#flying.cut(Math.max(0, Math.min(kept, open)))
  }

  /** The receiver is gone. No further byte arrives, and none is acknowledged. */
  forget(): void {
    this.#isForgotten = true
    this.#lost += this.#flying.length
    this.#flying.cut(0)
    this.receiver = undefined
    this.sender = undefined
  }

  /** The network brings at most `most` bytes, or the end behind the last byte. Returns whether anything came. */
  arrive(most: number): boolean {
    if (!this.isUnderWay) return false
    const open = this.#buffers.receiveBytes - this.#arrived.length
    const wanted = Math.max(0, Math.min(most, open, this.#flying.length))
    const bytes = this.#flying.take(this.#pace?.take(wanted, performance.now()) ?? wanted)
    this.#arrived.push(bytes)
    this.arrived += bytes.length
    const hasUrgent = !this.#isUrgentArrived && this.arrived >= this.#urgentAt
    if (hasUrgent) this.#isUrgentArrived = true
    if (bytes.length > 0 || hasUrgent) this.receiver?.came()
    if (bytes.length > 0) this.#tellRoom()
    return bytes.length > 0 || hasUrgent || (this.#flying.length === 0 && this.#arriveEnds())
  }

  /** recv(2): stops before an urgent byte. A read that begins at an urgent byte passes it. */
  receive(most: number): Buffer {
    if (this.isUrgent && this.#urgentAt === this.taken) this.#urgentAt = Number.POSITIVE_INFINITY
    return this.#take(most)
  }

  look(most: number): Buffer {
    const limit = this.isUrgent && this.#urgentAt > this.taken ? this.#urgentAt - this.taken : most
    return this.#arrived.peek(Math.min(most, limit))
  }

  /** splice(2): stops at an urgent byte and never passes it. */
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

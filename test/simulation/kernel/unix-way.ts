/**
 * One way of a unix connection. Bytes arrive when they are sent, and use the sender's buffer until they are read. There
 * are no urgent bytes.
 */
import { type Buffers, OneWay } from './one-way.js'

const ALL = Number.MAX_SAFE_INTEGER

export class UnixWay extends OneWay {
  readonly #sendBytes: number
  #isForgotten = false

  constructor({ sendBytes }: Buffers) {
    super({ sendBytes, receiveBytes: ALL })
    this.#sendBytes = sendBytes
  }

  override get room(): number {
    return Math.max(0, this.#sendBytes - this.readable)
  }

  /** unix_writable: three quarters of the buffer must be free. */
  override get isWritable(): boolean {
    return this.readable * 4 <= this.#sendBytes
  }

  override get unacknowledged(): number {
    return this.#isForgotten ? 0 : this.readable
  }

  override send(bytes: Buffer): number {
    const sent = super.send(bytes)
    this.#bring()
    return sent
  }

  override sendUrgent(): void {}

  override end(): void {
    super.end()
    this.#bring()
  }

  override reset(): void {
    super.reset(ALL)
    this.#bring()
  }

  override forget(): void {
    this.#isForgotten = true
    super.forget()
  }

  override receive(most: number): Buffer {
    return this.#taken(super.receive(most))
  }

  override spliceOff(most: number): Buffer {
    return this.#taken(super.spliceOff(most))
  }

  #bring(): void {
    while (this.arrive(ALL));
  }

  /** unix_write_space: the sender is told of room at every read, whether it waits or not. */
  #taken(bytes: Buffer): Buffer {
    if (bytes.length > 0 && this.isWritable) this.sender?.hasRoom()
    return bytes
  }
}

/**
 * The rate of one direction of one connection. The kernel paces the sink where it can, which needs no timer and
 * leaves all moves as they are. Elsewhere the direction gets a bucket of its own.
 */
import type { Socket } from '../../io/socket.js'
import type { DirectionThrottle } from './direction-throttle.js'
import { SharedLimit } from './shared-limit.js'

export class OwnRate {
  /** 0: no limit. */
  bytesPerSecond = 0
  readonly #throttle: DirectionThrottle
  readonly #sink: Pick<Socket, 'setPacing'>
  #bucket: SharedLimit | undefined

  constructor(throttle: DirectionThrottle, sink: Pick<Socket, 'setPacing'>) {
    this.#throttle = throttle
    this.#sink = sink
  }

  /** Whether the kernel keeps the rate. */
  get isPaced(): boolean {
    return this.bytesPerSecond > 0 && this.#bucket === undefined
  }

  /** 0: no limit. Holds from now on, also for bytes that wait in a paced socket. */
  set(bytesPerSecond: number, now: number): void {
    if (bytesPerSecond === this.bytesPerSecond) return
    this.bytesPerSecond = bytesPerSecond
    const isPaced = this.#sink.setPacing(bytesPerSecond)
    if (isPaced || bytesPerSecond === 0) {
      if (this.#bucket !== undefined) this.#throttle.remove(this.#bucket)
      this.#bucket = undefined
    } else if (this.#bucket !== undefined) {
      this.#bucket.setRate(bytesPerSecond, now)
    } else {
      this.#bucket = new SharedLimit(bytesPerSecond, now)
      this.#throttle.add({ name: OWN, limit: this.#bucket })
    }
  }
}

/** What records call the rate of the connection itself. */
export const OWN = 'connection'

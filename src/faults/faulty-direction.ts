/**
 * One direction of a faulty connection: it reads one socket and writes the other, and treats the bytes on the way. Bytes are
 * *held* until their delay is over. Then they are *ready*: they are joined, split and throttled. It never changes a byte.
 */
import type { Socket } from 'node:net'
import type { Clock } from './clock.js'
import { HeldBytes } from './held-bytes.js'
import { TokenBucket } from './token-bucket.js'
import { NO_TREATMENT, type Treatment } from './treatment.js'

/** It reads no more while it has so many bytes. */
export const MOST_HELD_BYTES = 1024 * 1024
/** As above, for bytes that are not delayed: their sender should notice how fast they pass. */
const MOST_READY_BYTES = 64 * 1024
/** A bucket has the tokens of this time. */
const BURST_SECONDS = 0.1

export class FaultyDirection {
  readonly #source: Socket
  readonly #sink: Socket
  readonly #clock: Clock
  readonly #reached: () => void
  readonly #held = new HeldBytes()
  readonly #ready = new HeldBytes()
  readonly #bucket = new TokenBucket()
  #treatment = NO_TREATMENT
  #limit = Number.POSITIVE_INFINITY
  #passed = 0
  /** Bytes at the front of `#ready` that have been joined. */
  #joined = 0
  #endedAt: number | undefined
  #wroteAt = Number.NEGATIVE_INFINITY
  /** Bytes of the write under way. 0: there is none. */
  #writing = 0
  /** It has sent FIN, or it was stopped. */
  #isOver = false
  /** `hang` has discarded bytes. To pass on what follows would make a hole. */
  #hasHole = false
  #wakeAt = Number.POSITIVE_INFINITY
  #stopTimer: (() => void) | undefined

  /** `reached` is called when as many bytes have passed as the limit says. */
  constructor(source: Socket, sink: Socket, clock: Clock, reached: () => void) {
    this.#source = source
    this.#sink = sink
    this.#clock = clock
    this.#reached = reached
  }

  /** Bytes that the sink has taken. */
  get passed(): number {
    return this.#passed
  }

  /** Bytes that the sink has taken or is taking. Faults that are set now cannot begin before that place. */
  get given(): number {
    return this.#passed + this.#writing
  }

  start(): void {
    this.#source.on('data', (bytes: Buffer) => this.#arrived(bytes))
    this.#source.on('end', () => {
      this.#endedAt = this.#clock.now()
      this.#go()
    })
    this.wake()
  }

  /** No byte passes beyond `limit` (counted from the start of the connection) before the next change. Call `wake` then. */
  change(treatment: Treatment, limit: number): void {
    this.#treatment = treatment
    this.#limit = limit
  }

  /** After a change: goes on in the new way. */
  wake(): void {
    this.#settle()
    this.#go()
  }

  /** Sends FIN behind what has passed, and discards all that still comes. */
  halfClose(): void {
    if (this.#isOver) return
    this.stop()
    this.#sink.end()
    this.#source.resume()
  }

  /** From now on it passes nothing on. */
  stop(): void {
    this.#isOver = true
    this.#stopTimer?.()
    this.#held.clear()
    this.#ready.clear()
  }

  #arrived(bytes: Buffer): void {
    if (this.#isOver) return
    this.#held.add(bytes, this.#clock.now())
    this.wake()
  }

  /** Keeps or discards what it has. Then it reads, or does not. */
  #settle(): void {
    if (this.#treatment.hang?.reads === true || this.#hasHole) this.#discard()
    this.#flow()
  }

  #discard(): void {
    if (this.#held.length + this.#ready.length > 0) this.#hasHole = true
    this.#held.clear()
    this.#ready.clear()
    this.#joined = 0
  }

  #flow(): void {
    const { hang, delayMs, join } = this.#treatment
    const most = delayMs > 0 ? MOST_HELD_BYTES : Math.max(MOST_READY_BYTES, join?.bytes ?? 0)
    const isFull = this.#held.length + this.#ready.length >= most
    const isHanging = hang !== undefined && hang.reads !== true
    if (this.#isOver || this.#hasHole || !(isFull || isHanging)) this.#source.resume()
    else this.#source.pause()
  }

  /** Does what can be done now, and sets a timer for what can be done later. */
  #go(): void {
    if (this.#writing > 0 || this.#isOver) return
    this.#stopTimer?.()
    this.#stopTimer = undefined
    if (this.#passed >= this.#limit) {
      this.#reached()
      this.#settle()
    }
    if (this.#isOver || this.#hasHole || this.#treatment.hang !== undefined) return
    this.#wakeAt = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    this.#makeReady(now)
    const bytes = this.#choose(now)
    if (bytes > 0) this.#write(this.#ready.take(bytes), now)
    else if (this.#hasPassedAll(now)) this.halfClose()
    else if (this.#wakeAt < Number.POSITIVE_INFINITY)
      this.#stopTimer = this.#clock.after(this.#wakeAt - now, () => this.#go())
  }

  #write(bytes: Buffer, now: number): void {
    this.#writing = bytes.length
    this.#wroteAt = now
    this.#sink.write(bytes, (error) => {
      this.#writing = 0
      if (error instanceof Error) return
      this.#passed += bytes.length
      if (this.#isOver) return
      this.#flow()
      this.#go()
    })
  }

  /** Bytes beyond the limit stay held, because they may be delayed in another way. */
  #makeReady(now: number): void {
    for (;;) {
      const room = this.#limit - this.#passed - this.#ready.length
      if (this.#held.length === 0 || room <= 0) return
      const dueAt = this.#held.firstAt + this.#treatment.delayMs
      if (now < dueAt) {
        this.#wakeBy(dueAt)
        return
      }
      this.#ready.add(this.#held.take(Math.min(room, this.#held.firstLength)), now)
    }
  }

  /** How many ready bytes go into the next write. 0: none yet. */
  #choose(now: number): number {
    const { split, throttle } = this.#treatment
    if (this.#joined === 0) this.#joined = this.#join(now)
    if (this.#joined === 0) return 0
    let bytes = Math.min(this.#joined, split?.bytes ?? this.#joined, this.#limit - this.#passed)
    const nextAt = this.#wroteAt + (split?.gapMs ?? 0)
    if (now < nextAt) return this.#wait(nextAt)
    if (throttle !== undefined) {
      const { bytesPerSecond, burstBytes = Math.max(1, Math.floor(bytesPerSecond * BURST_SECONDS)) } =
        throttle
      const burst = Math.max(burstBytes, split?.bytes ?? 1)
      bytes = Math.min(bytes, burst)
      const waitMs = this.#bucket.take(bytes, bytesPerSecond, burst, now)
      if (waitMs > 0) return this.#wait(now + waitMs)
    }
    this.#joined -= bytes
    return bytes
  }

  /** How many ready bytes belong together. Without `join` they are those of one read. */
  #join(now: number): number {
    const { join } = this.#treatment
    const { length } = this.#ready
    if (join === undefined || length === 0) return this.#ready.firstLength
    const isLast = this.#endedAt !== undefined && this.#held.length === 0
    const isAtLimit = this.#passed + length >= this.#limit
    const dueAt = this.#ready.firstAt + join.ms
    if (length < join.bytes && !isLast && !isAtLimit && now < dueAt) return this.#wait(dueAt)
    return Math.min(length, join.bytes)
  }

  #hasPassedAll(now: number): boolean {
    if (this.#endedAt === undefined || this.#held.length + this.#ready.length > 0) return false
    const dueAt = this.#endedAt + this.#treatment.delayMs
    if (now >= dueAt) return true
    this.#wakeBy(dueAt)
    return false
  }

  #wait(at: number): 0 {
    this.#wakeBy(at)
    return 0
  }

  #wakeBy(at: number): void {
    this.#wakeAt = Math.min(this.#wakeAt, at)
  }
}

/**
 * One way of a pipe: a source, a sink, and the bytes between them. It owns the state machine of one way and
 * the accounting; how bytes move is its carrier's business.
 *
 *   flowing → draining (the source has ended) → finished (empty, FIN handed on exactly once)
 *          ↘ failed (a side broke: what can be delivered has been)
 */
import type { SpliceMode } from '../defaults.js'
import { READABLE, type Socket, WRITABLE } from '../io/socket.js'
import { Cargo } from './cargo.js'
import { type Carrier, MUST_WAIT } from './carrier.js'
import { firstCarrier, nextCarrier } from './choose-carrier.js'
import type { PipeCounters, PipeHost } from './options.js'
import { type Watch, WatchedCarrier } from './watched-carrier.js'

export type Phase = 'flowing' | 'draining' | 'finished' | 'failed'

/** The accounting is checked at every step where tests run. */
const CHECKS_ACCOUNTING = process.env.NODE_ENV === 'test'

export class Direction {
  readonly source: Socket
  readonly sink: Socket
  readonly #host: PipeHost
  carrier: Carrier
  phase: Phase = 'flowing'
  /** Bytes taken from the source and not by the sink: not yet, or, of one that failed, never. May exceed a pipe's size. */
  inside = 0
  /** Bytes the sink has taken. */
  bytes = 0
  /** Undefined until it is needed. */
  cargo: Cargo | undefined = undefined

  /** `head` holds bytes already read from the source, which go first. */
  constructor(source: Socket, sink: Socket, host: PipeHost, head?: Buffer) {
    this.source = source
    this.sink = sink
    this.#host = host
    if (head !== undefined && head.length > 0) {
      this.held = head
      this.inside = head.length
    }
    this.carrier = firstCarrier(this)
  }

  /** Shows `watch` what goes by, from the first byte on. To be called before anything has moved. */
  showTo(watch: Watch): void {
    this.carrier = new WatchedCarrier(this, watch)
  }

  get mode(): SpliceMode {
    return this.#host.settings.splice
  }

  get counters(): PipeCounters {
    return this.#host.counters
  }

  /** The bytes inside, where they are in this process. */
  get held(): Buffer | undefined {
    return this.cargo?.held
  }

  set held(bytes: Buffer | undefined) {
    if (bytes !== undefined) this.cargo ??= new Cargo()
    if (this.cargo !== undefined) this.cargo.held = bytes
  }

  /** Of `bytes`, those that never entered this process. */
  get splicedBytes(): number {
    return this.cargo?.splicedBytes ?? 0
  }

  /** Whether there is something to move and room for it. */
  get canMove(): boolean {
    if (this.isOver || (this.sink.ready & WRITABLE) === 0) return false
    return this.inside > 0 || (this.phase === 'flowing' && (this.source.ready & READABLE) !== 0)
  }

  /** Whether anything is under way: inside the carrier, in the sink's queue, or waiting to be read. */
  get isInFlight(): boolean {
    if (this.phase === 'finished' || this.phase === 'failed') return false
    return this.inside > 0 || this.sink.queuedBytes > 0 || (this.source.ready & READABLE) !== 0
  }

  get isOver(): boolean {
    return this.phase === 'finished' || this.phase === 'failed'
  }

  /** Whether bytes are under way that the sink does not take. */
  get isStuck(): boolean {
    if (this.isOver) return false
    const isFull = (this.sink.ready & WRITABLE) === 0
    if (this.inside > 0 || (isFull && (this.source.ready & READABLE) !== 0)) return true
    return this.sink.queuedBytes > 0 || (this.sink.unacknowledgedBytes() ?? 0) > 0
  }

  /** Whether the sink's peer, who has not acknowledged `left` bytes, has taken more since that was last asked. */
  hasProgressed(left: number): boolean {
    this.cargo ??= new Cargo()
    const before = this.cargo.unacknowledged
    this.cargo.unacknowledged = left
    return left < before
  }

  /** False where nothing more goes for the moment and no event will tell when it does. */
  move(budget: number): boolean {
    if (this.isOver) return true
    if (this.sink.error !== undefined) {
      fail(this)
      return true
    }
    const came = this.carrier.move(this, budget)
    if (!this.isOver) this.carrier = nextCarrier(this, Math.max(0, came))
    return came !== MUST_WAIT
  }

  /** Anew, after a time of copying or for the first time. */
  beginSplicing(): void {
    this.cargo ??= new Cargo()
    this.cargo.smallMoves = 0
  }

  /** The carrier took bytes from the source. */
  took(bytes: number): void {
    this.inside += bytes
  }

  /** The sink took bytes from the carrier. */
  gave(bytes: number): void {
    this.inside -= bytes
    this.bytes += bytes
    if (CHECKS_ACCOUNTING && this.inside < 0)
      throw new Error(`millrace: accounting broke: ${this.inside} bytes inside`)
  }

  /** Every byte of the source has been taken: it sent FIN, or it broke. */
  sourceEnded(): void {
    this.source.ready &= ~READABLE
    if (this.phase === 'flowing') this.phase = 'draining'
  }

  /** One of the two broke. The socket keeps the error, because the kernel tells it only once. */
  socketFailed(socket: Socket, errno: string): void {
    socket.error ??= errno
    if (socket === this.source) this.sourceEnded()
    else fail(this)
  }

  /**
   * Hands the end on once the carrier is empty: FIN never overtakes bytes. The last end of a pipe goes out with
   * the close that follows, where nothing is left to flush: one syscall less per connection.
   */
  settle(isLast: boolean): void {
    if (this.sink.error !== undefined && !this.isOver) fail(this)
    if (this.phase !== 'draining' || this.inside > 0) return
    if (this.source.error !== undefined) {
      if (this.sink.queuedBytes === 0) this.phase = 'failed'
      return
    }
    if (!isLast || !this.sink.isFlushed) this.sink.shutdown()
    if (this.sink.isFlushed) this.phase = 'finished'
  }

  /** Gives up what is inside. */
  drop(): void {
    this.carrier.drop(this)
    this.held = undefined
  }

  /** For error logs: everything that decides what this direction would do next. */
  describe(): Record<string, unknown> {
    const { phase, inside, bytes, splicedBytes, cargo } = this
    const ends = { sourceReady: this.source.ready, sinkReady: this.sink.ready }
    const { kernelPipe, smallMoves, refusal } = cargo ?? {}
    const splicing = { kernelPipe, smallMoves, refusal }
    return { carrier: this.carrier.name, phase, inside, bytes, splicedBytes, ...splicing, ...ends }
  }
}

function fail(direction: Direction): void {
  direction.phase = 'failed'
  direction.drop()
}

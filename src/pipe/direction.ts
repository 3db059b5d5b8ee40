/**
 * One way of a pipe: a source, a sink, and the bytes between them. It owns the state machine of one way and
 * the accounting; how bytes move is its carrier's business, and what carriers keep for it belongs to its kind
 * (fd/fd-direction.ts, stream-direction.ts).
 *
 *   flowing → draining (the source has ended) → finished (empty, FIN handed on exactly once)
 *          ↘ failed (a side broke: what can be delivered has been)
 */
import type { SpliceMode } from '../defaults.js'
import type { NotSplicing } from '../io/not-splicing.js'
import { READABLE, type Socket, WRITABLE } from '../io/socket.js'
import { type Carrier, MUST_WAIT } from './carrier.js'
import type { Flow, Phase } from './flow.js'
import type { PipeCounters, PipeHost } from './options.js'
import { type Watch, WatchedCarrier } from './watched-carrier.js'

/** The accounting is checked at every step where tests run. */
const CHECKS_ACCOUNTING = process.env.NODE_ENV === 'test'

export abstract class Direction<End extends Socket = Socket> implements Flow<End> {
  readonly source: End
  readonly sink: End
  readonly #host: PipeHost
  abstract carrier: Carrier
  phase: Phase = 'flowing'
  /** Bytes taken from the source and not by the sink: not yet, or, of one that failed, never. May exceed a pipe's size. */
  inside = 0
  bytes = 0

  constructor(source: End, sink: End, host: PipeHost) {
    this.source = source
    this.sink = sink
    this.#host = host
  }

  /** Goes on with the carrier that is best after `came` bytes came in through the present one. */
  protected abstract chooseCarrier(came: number): void

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

  /** Of `bytes`, those that never entered this process. */
  get splicedBytes(): number {
    return 0
  }

  /** Why it cannot be spliced, where that is its own matter. */
  get refusal(): NotSplicing | undefined {
    return undefined
  }

  get whyNotSplicing(): NotSplicing | undefined {
    if (this.mode === 'off') return 'switched-off'
    return this.refusal ?? this.source.notSplicing
  }

  /** Why its bytes are copied at this moment; undefined where they are spliced. */
  get whyCopying(): NotSplicing | undefined {
    if (this.carrier.name === 'kernel') return undefined
    return this.whyNotSplicing ?? (this.mode === 'auto' ? 'small' : undefined)
  }

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

  /** False where nothing more goes for the moment and no event will tell when it does. */
  move(budget: number): boolean {
    if (this.isOver) return true
    if (this.sink.error !== undefined) {
      fail(this)
      return true
    }
    const came = this.carrier.move(this, budget)
    if (!this.isOver) this.chooseCarrier(Math.max(0, came))
    return came !== MUST_WAIT
  }

  /** To be called after each run of the pipe: what is due then, in a kind of direction that has something due. */
  afterRun(): void {}

  /** Leaves what comes next to an offload, where there is one and nothing needs to be decided, or takes it back. */
  leave(): void {}

  /** Counts what an offload has moved without a word: how many ms ago the last of it went, undefined where nothing did. */
  carried(): number | undefined {
    return undefined
  }

  /** An offload tells of bytes that are counted already, and of what it found out. True where nothing is left to decide. */
  told(_came: number, _found: number): boolean {
    return true
  }

  took(bytes: number): void {
    this.inside += bytes
  }

  gave(bytes: number): void {
    this.inside -= bytes
    this.bytes += bytes
    if (CHECKS_ACCOUNTING && this.inside < 0)
      throw new Error(`millrace: accounting broke: ${this.inside} bytes inside`)
  }

  sourceEnded(): void {
    this.source.ready &= ~READABLE
    if (this.phase === 'flowing') this.phase = 'draining'
  }

  /** The socket keeps the error, because the kernel tells it only once. */
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
  }

  /** For error logs: everything that decides what this direction would do next. */
  describe(): Record<string, unknown> {
    const { phase, inside, bytes, splicedBytes } = this
    const ends = { sourceReady: this.source.ready, sinkReady: this.sink.ready }
    return { carrier: this.carrier.name, phase, inside, bytes, splicedBytes, ...ends }
  }
}

function fail(direction: Direction): void {
  direction.phase = 'failed'
  direction.drop()
}

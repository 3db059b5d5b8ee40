/**
 * One direction of a pipe: a source, a sink, and the bytes between them. It owns the state machine and the
 * accounting of this direction. Its carrier moves the bytes. A subclass has what carriers keep for it
 * (fd/fd-direction.ts, stream-direction.ts).
 *
 *   flowing → draining (the source has ended) → finished (empty, FIN passed on exactly once)
 *          ↘ failed (a side broke, and what could be delivered was)
 */
import type { SpliceMode } from '../defaults.js'
import type { NotSplicing } from '../io/not-splicing.js'
import { READABLE, type Socket, WRITABLE } from '../io/socket.js'
import { type Carrier, MUST_WAIT } from './carrier.js'
import type { Flow, Phase } from './flow.js'
import type { FrozenDirection } from './frozen.js'
import type { PipeCounters, PipeHost } from './options.js'
import type { Throttle } from './throttle.js'
import { type Watch, WatchedCarrier } from './watched-carrier.js'

/** Tests check the accounting at every step. */
const CHECKS_ACCOUNTING = process.env.NODE_ENV === 'test'

interface DirectionHost extends PipeHost {
  /** Of this direction alone. Undefined: no limit. */
  readonly throttle?: Throttle
}

export abstract class Direction<End extends Socket = Socket> implements Flow<End> {
  readonly source: End
  readonly sink: End
  /** Without a limit, all pipes of a cluster have the same one. */
  #host: DirectionHost
  abstract carrier: Carrier
  phase: Phase = 'flowing'
  /** Bytes taken from the source and not (yet) by the sink. They may be more than a kernel pipe holds. */
  inside = 0
  bytes = 0

  constructor(source: End, sink: End, host: PipeHost) {
    this.source = source
    this.sink = sink
    this.#host = host
  }

  /** Chooses the best carrier for the next move. The present one has just brought in `came` bytes. */
  protected abstract chooseCarrier(came: number): void

  /** Shows `watch` the bytes that pass, from the first one on. Call it before anything has moved. */
  showTo(watch: Watch): void {
    this.carrier = new WatchedCarrier(this, watch)
  }

  get mode(): SpliceMode {
    return this.#host.settings.splice
  }

  get counters(): PipeCounters {
    return this.#host.counters
  }

  /** How many of `bytes` never entered this process. */
  get splicedBytes(): number {
    return 0
  }

  /** Why the kernel refused to splice these two sockets. Undefined if it did not. */
  get refusal(): NotSplicing | undefined {
    return undefined
  }

  get whyNotSplicing(): NotSplicing | undefined {
    if (this.mode === 'off') return 'switched-off'
    return this.refusal ?? this.source.notSplicing
  }

  /** Why its bytes are copied at this moment. Undefined if they are spliced. */
  get whyCopying(): NotSplicing | undefined {
    if (this.carrier.name === 'kernel') return undefined
    return this.whyNotSplicing ?? (this.mode === 'auto' ? 'small' : undefined)
  }

  get canMove(): boolean {
    if (this.isOver || (this.sink.ready & WRITABLE) === 0) return false
    return this.inside > 0 || (this.hasMore && !this.isHeldBack)
  }

  get isMetered(): boolean {
    return this.#host.throttle?.isMetering === true
  }

  get isHeldBack(): boolean {
    return this.#host.throttle?.isWaiting === true
  }

  /** From now on the direction takes bytes as `throttle` allows. */
  limitBy(throttle: Throttle): void {
    this.#host = { ...this.#host, throttle }
  }

  /** Whether anything is under way: inside the carrier, in the sink's queue, or waiting to be read. */
  get isInFlight(): boolean {
    if (this.phase === 'finished' || this.phase === 'failed') return false
    return this.inside > 0 || this.sink.queuedBytes > 0 || (this.source.ready & READABLE) !== 0
  }

  get isOver(): boolean {
    return this.phase === 'finished' || this.phase === 'failed'
  }

  /** Whether the sink has everything, and has not confirmed the end. Only a stream can keep us waiting with that. */
  get isEndPending(): boolean {
    const { sink } = this
    return this.phase === 'draining' && this.inside === 0 && sink.queuedBytes === 0 && !sink.isFlushed
  }

  /** Whether bytes are under way that the sink does not take, or an end. */
  get isStuck(): boolean {
    if (this.isOver) return false
    if (this.isEndPending) return true
    const isFull = (this.sink.ready & WRITABLE) === 0
    if (this.inside > 0 || (isFull && (this.source.ready & READABLE) !== 0)) return true
    return this.sink.queuedBytes > 0 || (this.sink.unacknowledgedBytes() ?? 0) > 0
  }

  /** Moves bytes. False if no more can move for the moment and no event will tell when they can. */
  move(budget: number): boolean {
    const { throttle } = this.#host
    if (this.isOver) {
      throttle?.used(0)
      return true
    }
    if (this.sink.error !== undefined) {
      fail(this)
      return true
    }
    const came = throttle === undefined ? this.carrier.move(this, budget) : this.moveWithin(throttle, budget)
    if (!this.isOver) this.chooseCarrier(Math.max(0, came))
    return came !== MUST_WAIT
  }

  /** A direction that waits for its turn still gives away what is inside. */
  private moveWithin(throttle: Throttle, budget: number): number {
    const isAble = this.hasMore && (this.sink.ready & WRITABLE) !== 0
    const granted = isAble ? throttle.grant(budget) : 0
    const came = this.carrier.move(this, granted)
    throttle.used(Math.max(0, came))
    return came
  }

  /** Whether bytes or an end wait in the source. */
  private get hasMore(): boolean {
    return this.phase === 'flowing' && (this.source.ready & READABLE) !== 0
  }

  /** The pipe calls this after each of its runs. Subclasses do what is then due. */
  afterRun(): void {}

  /** Offloads the next bytes if there is an offload and nothing to decide. Otherwise ends the offload. */
  leave(): void {}

  /** Counts what an offload moved without a report. Returns how many ms ago the last of it moved, if any. */
  carried(): number | undefined {
    return undefined
  }

  /** An offload reports bytes that are already counted, and findings. True if nothing is left to decide. */
  told(_came: number, _found: number): boolean {
    return true
  }

  /** Whether another process can go on with directions of this kind. */
  get isMovable(): boolean {
    return false
  }

  /** What another process needs to go on with it. Undefined: it cannot be moved now. */
  freeze(): FrozenDirection | undefined {
    return undefined
  }

  /** Its source, and the two ends of the kernel pipe that has the bytes inside. */
  fds(): number[] {
    return []
  }

  /** Takes no more events of its two sockets, which the other direction has, too. Only after `freeze`. */
  suspend(): void {}

  /** Takes events of its two sockets again. */
  resume(): void {}

  /** Goes on where another process has frozen it. `kernelPipe`: has the bytes inside. */
  restore(_frozen: FrozenDirection, _kernelPipe: number | undefined): void {}

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
   * Passes the end on once the carrier is empty, so that FIN never overtakes bytes. If nothing is left to
   * flush, the last end of a pipe goes out with the close that follows. That saves one syscall per
   * connection.
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

  /** Gives up the bytes inside. */
  drop(): void {
    this.carrier.drop(this)
  }

  /** For error logs: everything that decides what this direction does next. */
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

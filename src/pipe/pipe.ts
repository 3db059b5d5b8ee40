/**
 * Joins two sockets. The pipe runs both directions when either socket is ready, decides when and how it ends, and
 * keeps the deadlines. It keeps the promises of the contract suite (test/pipe/contract.ts), whatever carries the bytes.
 * It never throws because of the network. V8 gives objects with `#` methods another field: these are `private`.
 */
import { GOODBYE_MS, GRACE_MS } from '../io/delivery.js'
import type { Offloading, Socket } from '../io/socket.js'
import { budgetOf, progressOf, receivedOf, unacknowledgedOf, waitedFor } from './both-ways.js'
import { directionBetween } from './choose-direction.js'
import { overdue } from './deadlines.js'
import type { Direction } from './direction.js'
import { endedFirst, endsAfter } from './ends.js'
import type { Heads, PipeCause, PipeEnding, PipeHost, PipeOwner } from './options.js'
import { PipeState } from './pipe-state.js'
import type { PipeLimits } from './throttle.js'

/** How many runs in a row may move nothing although something was ready. One is already strange. */
const MOST_STUCK_RUNS = 100

const NO_HEADS: Heads = {}

export class Pipe extends PipeState implements Offloading {
  isQueued = false
  readonly up: Direction
  readonly down: Direction
  #stuckRuns = 0
  /** How many bytes the peer had not acknowledged when we last looked. -1: we never looked. */
  #unacknowledged = -1

  /** Owns both sockets from here on. Call `start` next. */
  constructor(client: Socket, backend: Socket, host: PipeHost, owner: PipeOwner, heads: Heads = NO_HEADS) {
    super(host, owner)
    this.up = directionBetween(client, backend, host, heads.client)
    this.down = directionBetween(backend, client, host, heads.backend)
  }

  /** The pipe keeps within these limits from now on, and tells them of its end. */
  limitBy(limits: PipeLimits): void {
    this.host = { ...this.host, limits }
    this.up.limitBy(limits.up)
    this.down.limitBy(limits.down)
  }

  start(): void {
    this.client.owner = this
    this.backend.owner = this
    this.host.runQueue.add(this)
    this.host.runQueue.drain()
  }

  run(): void {
    const { up, down } = this
    if (this.isOver) return
    this.catchUp()
    const { limits } = this.host
    const before = progressOf(up, down)
    const hadAnswered = down.bytes > 0
    const isUpDone = up.move(budgetOf(limits, up, down))
    const isDownDone = down.move(budgetOf(limits, up, down))
    const moved = progressOf(up, down) - before
    if (moved > 0) this.noteMoved(moved, hadAnswered)
    this.settle()
    if (!this.isOver) this.comeAgain(moved, isUpDone && isDownDone)
    if (this.isOver) return
    up.afterRun()
    down.afterRun()
  }

  /** An offload reports a move. The other direction's offload may be out of date, so both are set anew. */
  carried(source: Socket, came: number, went: number, found: number): void {
    const { up, down } = this
    const direction = source === this.client ? up : down
    const hadAnswered = down.bytes > 0
    direction.took(came)
    direction.gave(went)
    if (!direction.told(came, found)) this.host.runQueue.add(this)
    this.noteMoved(came, hadAnswered)
    up.leave()
    down.leave()
  }

  /** Ends the pipe if a deadline has passed. */
  expire(now: number): void {
    this.catchUp()
    const { settings, limits } = this.host
    const cause = overdue(settings, this.timesAt(now))
    if (cause !== undefined) this.end(cause)
    else if (limits?.look(receivedOf(this.up, this.down)) === false) this.end('source-limit: bytes-today')
  }

  /** Ends the pipe now: in order if nothing is in flight, otherwise with a reset. `isReset`: always with a reset. */
  end(cause: PipeCause, isReset = cause === 'killed'): void {
    const ending: PipeEnding = { by: 'proxy', cause, waitedFor: waitedFor(this.up, this.down, cause) }
    this.finish(ending, isReset || this.isInFlight || this.isEndPending)
  }

  /** For error logs: everything that decides what this pipe does next. */
  describe(): Record<string, unknown> {
    const errors = { clientError: this.client.error, backendError: this.backend.error }
    return { up: this.up.describe(), down: this.down.describe(), ...errors, stuckRuns: this.#stuckRuns }
  }

  /** Counts what offloads moved without a report. Call it before you look at counts or times. */
  protected catchUp(): void {
    this.noteCarried(this.up.carried())
    this.noteCarried(this.down.carried())
  }

  private noteCarried(msAgo: number | undefined): void {
    if (msAgo === undefined) return
    this.lastMovedAt = Math.max(this.lastMovedAt, Math.ceil(performance.now()) - msAgo)
    this.#stuckRuns = 0
  }

  private noteMoved(bytes: number, hadAnswered: boolean): void {
    this.lastMovedAt = Math.ceil(this.host.runQueue.now)
    this.#stuckRuns = 0
    this.host.runQueue.spend(bytes)
    if (!hadAnswered && this.down.bytes > 0) this.owner?.backendAnswered?.()
  }

  private get endedFirst(): 'client' | 'backend' | undefined {
    return endedFirst(this.ends)
  }

  /** Passes ends on, and ends the pipe when nothing more can happen. */
  private settle(): void {
    const { up, down } = this
    up.settle(down.phase === 'finished')
    down.settle(up.phase === 'finished')
    this.noteEnds()
    if (up.phase === 'finished' && down.phase === 'finished') this.finishInOrder()
    else if (this.client.error !== undefined) this.passResetOn(this.client, this.backend, up)
    else if (this.backend.error !== undefined) this.passResetOn(this.backend, this.client, down)
    else if (this.host.limits?.left(receivedOf(up, down)) === 0) this.endSpent()
    else if (this.endedFirst !== undefined && this.host.settings.halfClose === 'close') this.closeBothWays()
  }

  /** The deadline of the other direction, and the grace before a reset, start when a direction ends. */
  private noteEnds(): void {
    const ends = endsAfter(this.ends, this.up, this.down)
    if (ends === this.ends) return
    this.ends = ends
    this.lastMovedAt = Math.ceil(this.host.runQueue.now)
  }

  /**
   * One side has ended. The other may still send, and after a close the kernel would answer that with a
   * reset. If nobody can tell whether the peer has taken everything, only the peer's own end proves it.
   */
  private closeBothWays(): void {
    if (this.isInFlight) return
    if (this.hasTakenAll(this.endedFirst === 'client' ? this.up : this.down)) this.finishInOrder()
    else if (this.hasBeenQuietFor(GOODBYE_MS)) this.loseTheRest()
    else this.host.runQueue.later(this)
  }

  /** The peer takes no more of what it was sent. */
  private loseTheRest(): void {
    const slow = this.endedFirst === 'client' ? 'backend' : 'client'
    const isKnown = (slow === 'backend' ? this.up : this.down).sink.unacknowledgedBytes() !== undefined
    this.finish({ by: 'proxy', cause: 'half-closed-timeout', waitedFor: slow }, isKnown)
  }

  /** Whether a direction's peer has everything we sent. False if nobody can tell. */
  private hasTakenAll(way: Direction): boolean {
    return this.isAcknowledged(way.sink.unacknowledgedBytes())
  }

  /** Notes what was acknowledged. */
  private isAcknowledged(left: number | undefined): boolean {
    if (left === undefined) return false
    if (left < this.#unacknowledged) this.lastMovedAt = Math.ceil(this.host.runQueue.now)
    this.#unacknowledged = left
    return left === 0
  }

  private hasBeenQuietFor(ms: number): boolean {
    return this.host.runQueue.now - this.lastMovedAt >= ms
  }

  /** Its limits let no more bytes pass. Both sides still get what came before that. */
  private endSpent(): void {
    const { up, down } = this
    const isDelivered = up.inside + down.inside === 0 && this.isAcknowledged(unacknowledgedOf(up, down))
    if (isDelivered || this.hasBeenQuietFor(GRACE_MS)) this.end('quota')
    else this.host.runQueue.later(this)
  }

  private finishInOrder(): void {
    this.finish({ by: this.endedFirst ?? 'client', cause: 'finished' }, false)
  }

  /**
   * `broken` was reset. What it sent before is delivered first: `from`, its direction, goes on until it is
   * over. Then the pipe waits until the other peer has taken it, or made no progress for GRACE_MS: a reset
   * destroys what is queued.
   */
  private passResetOn(broken: Socket, other: Socket, from: Direction): void {
    const isDelivered = from.isOver && this.hasTakenAll(from)
    if (other.error === undefined && !isDelivered && !this.hasBeenQuietFor(GRACE_MS)) {
      this.host.runQueue.later(this)
      return
    }
    const by = broken === this.client ? 'client' : 'backend'
    this.finish({ by, cause: 'reset', errno: broken.error }, true)
  }

  /** Schedules another run if one is due without a further event. */
  private comeAgain(moved: number, isDone: boolean): void {
    const { up, down } = this
    if (!isDone) {
      this.host.runQueue.later(this)
      return
    }
    if (!up.canMove && !down.canMove) return
    if (moved === 0 && ++this.#stuckRuns >= MOST_STUCK_RUNS) {
      up.counters.infiniteLoops++
      this.end('infinite-loop')
    } else {
      this.host.runQueue.add(this)
    }
  }

  private finish(ending: PipeEnding, isReset: boolean): void {
    const owner = this.owner
    if (owner === undefined) return
    this.catchUp()
    this.owner = undefined
    try {
      owner.pipeEnded(ending)
    } finally {
      this.letGo(isReset)
    }
  }

  protected letGo(isReset: boolean): void {
    this.host.limits?.close()
    this.up.drop()
    this.down.drop()
    for (const socket of [this.client, this.backend]) {
      if (isReset) socket.reset()
      else socket.close()
    }
  }
}

/**
 * What a pipe knows, what it tells about itself, and how it goes to another process. It never moves a byte: pipe.ts does. V8 gives
 * objects with `#` methods another field, so nothing here has one.
 */
import type { Socket } from '../io/socket.js'
import { bothFrozen, receivedOf, totalsOf } from './both-ways.js'
import type { PipeTimes } from './deadlines.js'
import type { Direction } from './direction.js'
import { NOTHING_IS_OVER } from './ends.js'
import type { FrozenPipe, RestoredPipes, Standing } from './frozen.js'
import type { PipeHost, PipeOwner, PipeTotals } from './options.js'
import type { PipeLimits } from './throttle.js'

export abstract class PipeState {
  /** Client to backend. */
  abstract readonly up: Direction
  /** Backend to client. */
  abstract readonly down: Direction
  protected host: PipeHost
  /** Undefined once the owner was told of the end, and while the pipe is frozen. */
  protected owner: PipeOwner | undefined
  /** Whole ms, like `lastMovedAt`: V8 needs no object for a whole number. */
  protected startedAt: number
  protected lastMovedAt: number
  /** What is over, in the bits of ends.ts. */
  protected ends = NOTHING_IS_OVER

  constructor(host: PipeHost, owner: PipeOwner) {
    this.host = host
    this.owner = owner
    this.startedAt = Math.ceil(performance.now())
    this.lastMovedAt = this.startedAt
  }

  /** Starts to move what is there. */
  abstract start(): void
  /** Counts what offloads moved without a report. */
  protected abstract catchUp(): void
  /** Closes everything, and tells nobody. */
  protected abstract letGo(isReset: boolean): void

  get client(): Socket {
    return this.up.source
  }

  get backend(): Socket {
    return this.up.sink
  }

  /** Undefined: it has no limits. */
  get limits(): PipeLimits | undefined {
    return this.host.limits
  }

  get isInFlight(): boolean {
    return this.up.isInFlight || this.down.isInFlight
  }

  /** Whether a stream keeps the pipe waiting with an end that it was told. */
  protected get isEndPending(): boolean {
    return this.up.isEndPending || this.down.isEndPending
  }

  /** When a byte last moved, or a direction ended: `performance.now()` in whole ms. */
  get movedAt(): number {
    this.catchUp()
    return this.lastMovedAt
  }

  get totals(): PipeTotals {
    this.catchUp()
    return totalsOf(this.up, this.down)
  }

  /** Whether another process can go on with it, as soon as no byte is in this one. */
  get isMovable(): boolean {
    return (
      this.owner !== undefined &&
      this.up.isMovable &&
      this.client.error === undefined &&
      this.backend.error === undefined
    )
  }

  /**
   * Stops, and gives everything that another process needs to go on with the pipe. Until it thaws, nothing moves here and nothing
   * can end it. Undefined: it cannot be moved now, and goes on. Not to be called while a batch of events is told.
   */
  freeze(): Standing | undefined {
    const { owner, up, down, ends } = this
    if (owner === undefined) return undefined
    this.catchUp()
    if (this.limits?.left(receivedOf(up, down)) === 0) return undefined
    const ways = bothFrozen(up, down)
    if (ways === undefined) return undefined
    const { ageMs, silentMs } = this.timesAt(performance.now())
    const fds = [...up.fds(), ...down.fds()]
    up.suspend()
    this.owner = undefined
    const thaw = (): void => {
      up.resume()
      this.owner = owner
      this.start()
    }
    return { facts: { ...ways, ends, ageMs, silentMs }, fds, thaw, leave: () => this.letGo(false) }
  }

  /** Goes on with a pipe that was frozen elsewhere, between the same two sockets. Call `start` next. */
  restore(frozen: FrozenPipe, pipes: RestoredPipes): void {
    this.up.restore(frozen.up, pipes.up)
    this.down.restore(frozen.down, pipes.down)
    this.ends = frozen.ends
    this.startedAt -= frozen.ageMs
    this.lastMovedAt -= frozen.silentMs
  }

  protected get isOver(): boolean {
    return this.owner === undefined
  }

  protected timesAt(now: number): PipeTimes {
    const [ageMs, silentMs] = [Math.ceil(now) - this.startedAt, Math.ceil(now) - this.lastMovedAt]
    return { ageMs, silentMs, isHalfClosed: this.up.isOver !== this.down.isOver || this.isEndPending }
  }
}

/**
 * The one way to empty something. Connections go on until the spread before the deadline begins. In the
 * spread, one after another is ended with FIN in a moment when nothing of it is in flight. At the deadline
 * the rest is cut. A drain has the connections it was given. Whoever starts it must keep new ones away.
 */
import type { Connection } from '../../connection/connection.js'
import type { DrainResult } from '../../control/answers.js'
import type { DrainTimes } from '../../control/drain-order.js'
import type { DrainScope, DrainStatus } from '../../observe/status.js'

/** ms between looks at the connections whose turn has come. A spread gets at least this many looks. */
const LOOK_EVERY_MS = 50
const LEAST_LOOKS = 20
/**
 * The part of a spread in which turns come. The rest is for connections that wait until nothing is in flight.
 */
const TURNS_WITHIN = 0.75

/** The cause in the records of the connections that the drain ends. */
export type DrainCause = 'drained' | 'backend-recovered'

export class Drain {
  readonly scope: DrainScope
  readonly done: Promise<DrainResult>
  /**
   * In the order of their turns. An ended connection is removed at once, even during an iteration, because a
   * drain may last for hours.
   */
  readonly #left: Map<Connection, number>
  readonly #times: DrainTimes
  readonly #cause: DrainCause
  readonly #beganAt = performance.now()
  readonly #deadlineAt: string | undefined
  /** The number of connections at the start. */
  readonly #all: number
  /**
   * Connections that were told to end. They are counted already, even if the last bytes to their client take
   * a while.
   */
  readonly #ended = new WeakSet<Connection>()
  #finished = 0
  #closed = 0
  #cut = 0
  #isCancelled = false
  #deadline: NodeJS.Timeout | undefined
  #looks: NodeJS.Timeout | undefined
  #resolve: (result: DrainResult) => void = () => {}

  constructor(
    scope: DrainScope,
    connections: readonly Connection[],
    times: DrainTimes,
    cause: DrainCause = 'drained',
  ) {
    const { deadlineMs } = times
    this.scope = scope
    this.#left = new Map(connections.map((connection, turn) => [connection, turn]))
    this.#all = connections.length
    this.#times = times
    this.#cause = cause
    this.#deadlineAt = deadlineMs === 0 ? undefined : new Date(Date.now() + deadlineMs).toISOString()
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#settle()
    if (this.#left.size > 0) this.#setTimers()
  }

  get status(): DrainStatus {
    return { scope: this.scope, left: this.#left.size, deadlineAt: this.#deadlineAt }
  }

  /** Whether it ends this connection at its deadline, if the connection does not end by itself. */
  ends(connection: Connection): boolean {
    return this.#deadlineAt !== undefined && this.#left.has(connection)
  }

  /** A connection has ended, of this drain or not. */
  left(connection: Connection): void {
    if (!this.#left.delete(connection)) return
    if (!this.#ended.has(connection)) this.#finished++
    this.#settle()
  }

  /** Takes these connections out of the drain. They go on. */
  release(goesOn: (connection: Connection) => boolean): void {
    for (const connection of this.#left.keys()) {
      if (this.#ended.has(connection) || !goesOn(connection)) continue
      this.#left.delete(connection)
      this.#isCancelled = true
    }
    this.#settle()
  }

  #setTimers(): void {
    const { deadlineMs, spreadMs } = this.#times
    if (deadlineMs > 0) this.#deadline = setTimeout(() => this.#endAll(), deadlineMs)
    const everyMs = Math.min(LOOK_EVERY_MS, spreadMs / LEAST_LOOKS)
    if (spreadMs > 0) this.#looks = setInterval(() => this.#look(), everyMs)
  }

  #look(): void {
    const { deadlineMs, spreadMs } = this.#times
    const intoSpread = performance.now() - this.#beganAt - (deadlineMs - spreadMs)
    const part = Math.min(1, intoSpread / (spreadMs * TURNS_WITHIN))
    if (part < 0) return
    const turns = Math.ceil(part * this.#all)
    for (const [connection, turn] of this.#left) {
      if (turn >= turns) break
      if (connection.isQuiet) this.#end(connection)
    }
  }

  #endAll(): void {
    for (const connection of this.#left.keys()) this.#end(connection)
  }

  /** `left` is called with the connection: at once, or a little later if its client still gets last bytes. */
  #end(connection: Connection): void {
    if (!this.#left.has(connection) || this.#ended.has(connection)) return
    this.#ended.add(connection)
    if (connection.isQuiet) this.#closed++
    else this.#cut++
    connection.end(this.#cause)
  }

  #settle(): void {
    if (this.#left.size > 0) return
    clearTimeout(this.#deadline)
    clearInterval(this.#looks)
    const counts = { finished: this.#finished, closed: this.#closed, cut: this.#cut }
    this.#resolve(this.#isCancelled ? { ...counts, cancelled: true } : counts)
  }
}

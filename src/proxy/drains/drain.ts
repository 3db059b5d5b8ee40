/**
 * The one way to empty something: its connections go on until, one after another before a deadline, each is ended with
 * FIN in a moment when nothing of it is in flight; what is left at the deadline is ended as it is. It begins with the
 * connections it was given; nobody joins later, which is up to who makes the drain.
 */
import type { Connection } from '../../connection/connection.js'
import type { DrainResult } from '../../control/answers.js'
import type { DrainTimes } from '../../control/drain-order.js'
import type { DrainScope, DrainStatus } from '../../observe/status.js'

/** How often connections whose moment has come are looked at (ms), and at least so often in a spread. */
const LOOK_EVERY_MS = 50
const LEAST_LOOKS = 20
/** Of a spread: the rest is for those that wait for a moment in which nothing is in flight. */
const TURNS_WITHIN = 0.75

export class Drain {
  readonly scope: DrainScope
  readonly done: Promise<DrainResult>
  /** In the order of their turns. What has ended is let go at once, also amid a walk: a drain may last for hours. */
  readonly #left: Map<Connection, number>
  readonly #times: DrainTimes
  readonly #beganAt = performance.now()
  readonly #deadlineAt: string | undefined
  /** Connections it began with. */
  readonly #all: number
  /** Told to end: what becomes of them is counted, even if it takes a last word to their client. */
  readonly #ended = new WeakSet<Connection>()
  #finished = 0
  #closed = 0
  #cut = 0
  #isCancelled = false
  #deadline: NodeJS.Timeout | undefined
  #looks: NodeJS.Timeout | undefined
  #resolve: (result: DrainResult) => void = () => {}

  constructor(scope: DrainScope, connections: readonly Connection[], times: DrainTimes) {
    const { deadlineMs } = times
    this.scope = scope
    this.#left = new Map(connections.map((connection, turn) => [connection, turn]))
    this.#all = connections.length
    this.#times = times
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

  /** A connection is over, of this drain or not. */
  left(connection: Connection): void {
    if (!this.#left.delete(connection)) return
    if (!this.#ended.has(connection)) this.#finished++
    this.#settle()
  }

  /** These go on after all. */
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

  /** Its end comes back as `left`, now or, where a last word is said to the client, a little later. */
  #end(connection: Connection): void {
    if (!this.#left.has(connection) || this.#ended.has(connection)) return
    this.#ended.add(connection)
    if (connection.isQuiet) this.#closed++
    else this.#cut++
    connection.end('drained')
  }

  #settle(): void {
    if (this.#left.size > 0) return
    clearTimeout(this.#deadline)
    clearInterval(this.#looks)
    const counts = { finished: this.#finished, closed: this.#closed, cut: this.#cut }
    this.#resolve(this.#isCancelled ? { ...counts, cancelled: true } : counts)
  }
}

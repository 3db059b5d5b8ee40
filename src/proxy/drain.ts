/**
 * The one way to empty something: its connections go on until a deadline, or are ended one after another before it,
 * each with FIN in a moment when nothing of it is in flight; what is left then is ended as it is. It begins with
 * the connections it was given; nobody joins later, which is up to who makes the drain.
 */
import type { Connection } from '../connection/connection.js'
import { MillraceError } from '../errors.js'

/** How often connections whose moment has come are looked at (ms). */
const LOOK_EVERY_MS = 50

export interface DrainTimes {
  /** ms. 0: never. */
  readonly deadlineMs: number
  /** ms before the deadline. */
  readonly spreadMs: number
}

export interface DrainResult {
  /** Connections that ended by themselves. */
  readonly finished: number
  /** Connections ended in order: nothing of them was in flight. */
  readonly closed: number
  /** Connections that were cut at the deadline: something was in flight, which is lost. */
  readonly cut: number
}

/**
 * What an order says of the times, with its defaults. Without a deadline there is nothing to spread before it.
 *
 * @throws MillraceError `bad-argument`
 */
export function timesOf(
  { deadlineMs, spreadMs = 0 }: { readonly [Time in keyof DrainTimes]?: number | undefined },
  drainMs: number,
): DrainTimes {
  const endMs = deadlineMs ?? drainMs
  const times = { deadlineMs: endMs, spreadMs: endMs === 0 ? 0 : spreadMs }
  for (const [name, ms] of Object.entries(times)) {
    if (!(Number.isFinite(ms) && ms >= 0)) throw badTime(`${name}: expected ms from 0, found ${ms}`)
  }
  if (times.spreadMs > endMs)
    throw badTime(`spreadMs (${times.spreadMs}) is longer than the deadline (${endMs})`)
  return times
}

export class Drain {
  readonly done: Promise<DrainResult>
  readonly #left: Set<Connection>
  readonly #times: DrainTimes
  readonly #beganAt = performance.now()
  readonly #count: number
  #finished = 0
  #closed = 0
  #cut = 0
  /** How many have had their moment. */
  #asked = 0
  readonly #order: Connection[]
  #deadline: NodeJS.Timeout | undefined
  #looks: NodeJS.Timeout | undefined
  #resolve: (result: DrainResult) => void = () => {}

  constructor(connections: readonly Connection[], times: DrainTimes) {
    this.#left = new Set(connections)
    this.#order = [...connections]
    this.#count = connections.length
    this.#times = times
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#settle()
    if (this.#left.size > 0) this.#setTimers()
  }

  /** A connection is over, of this drain or not. */
  left(connection: Connection): void {
    if (!this.#left.delete(connection)) return
    this.#finished++
    this.#settle()
  }

  #setTimers(): void {
    const { deadlineMs, spreadMs } = this.#times
    if (deadlineMs > 0) this.#deadline = setTimeout(() => this.#endAll(), deadlineMs)
    if (spreadMs > 0) this.#looks = setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  #look(): void {
    const { deadlineMs, spreadMs } = this.#times
    const intoSpread = performance.now() - this.#beganAt - (deadlineMs - spreadMs)
    this.#asked = Math.min(this.#count, Math.max(0, Math.ceil((intoSpread / spreadMs) * this.#count)))
    for (const connection of this.#order.slice(0, this.#asked)) {
      if (this.#left.has(connection) && connection.isQuiet) this.#end(connection)
    }
  }

  #endAll(): void {
    for (const connection of [...this.#left]) this.#end(connection)
  }

  /** Its end comes back as `left`, now or, where a last word is said to the client, a little later. */
  #end(connection: Connection): void {
    if (!this.#left.has(connection)) return
    if (connection.isQuiet) this.#closed++
    else this.#cut++
    this.#finished--
    connection.end('drained')
  }

  #settle(): void {
    if (this.#left.size > 0) return
    clearTimeout(this.#deadline)
    clearInterval(this.#looks)
    this.#resolve({ finished: this.#finished, closed: this.#closed, cut: this.#cut })
  }
}

const badTime = (message: string): MillraceError => new MillraceError('bad-argument', message)

/** A connection of a proxy as a program has it. Types only. */
import type { ConnectionInfo } from '../control/answers.js'
import type { RateOrder } from '../control/orders.js'
import type { PipeTotals } from '../pipe/options.js'

export interface ConnectionLimit {
  /**
   * Bytes per second of each direction: a number for both, or `{ up, down }`, where a direction that is left out stays as it is. 1024 to
   * 1 TiB. 0: no limit of the connection itself.
   */
  readonly bytesPerSecond: number | RateOrder
}

/**
 * One connection, for as long as a program wants to keep this object. After the end of the connection its functions do nothing, and say
 * so. Each of them works without the object.
 */
export interface LiveConnection {
  /** The id that the record has, too. */
  readonly id: string
  /** False after its end. */
  readonly isOpen: boolean
  /** What `millrace connections --json` shows of it, at this moment. Undefined after its end: the record has the last facts. */
  facts(): ConnectionInfo | undefined
  /** Bytes so far. After its end: all bytes. */
  totals(): PipeTotals
  /**
   * Changes how fast it may be by itself. Limits that it shares with others hold as before. False: it is over. Throws
   * `bad-argument`.
   */
  limit(order: ConnectionLimit): boolean
  /**
   * Ends it now: with FIN to both sides if nothing is in flight, else with RST. A client that has no backend yet gets RST. Its record has
   * the cause `ordered`. False: it is over.
   */
  end(): boolean
  /** Ends it now with RST, whatever is in flight, as `millrace kill` does. Its record has the cause `killed`. False: it is over. */
  kill(): boolean
}

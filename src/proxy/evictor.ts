/**
 * Ends the connections that have been idle longest while file descriptors or the memory of kernel pipes are used up, if the
 * config says so (`limits.evictIdle`). It ends few at a time: what they free may be enough.
 */
import type { Config } from '../config/schema.js'
import type { Connection } from '../connection/connection.js'
import type { Engine } from '../io/engine.js'
import type { Log } from '../observe/log/log.js'
import type { Pipe } from '../pipe/pipe.js'

export interface EvictorOptions {
  readonly engine: Pick<Engine, 'counts'>
  readonly log: Log
  config(): Pick<Config, 'limits'>
  connections(): readonly Connection[]
  /** How many connections the file descriptors of this process are enough for. Undefined: nobody knows. */
  most(): number | undefined
  /** A clock in ms that never goes back. Default: `performance.now`. */
  now?(): number
}

/** What is used up. */
type Shortage = 'file descriptors ran out' | 'the memory of kernel pipes is used up'

interface Idle {
  readonly connection: Connection
  readonly idleMs: number
}

/** Without the addon there are no kernel pipes. */
const NO_PIPES = { pinnedBytes: 0, pinnedBudgetBytes: 0 }
/** Ends connections at most this often (ms). Their sockets are closed before it looks again. */
const EVERY_MS = 1000
const TELL_EVERY_MS = 60_000
/** Of all connections, at a time. */
const LARGEST_SHARE = 0.01

export class Evictor {
  readonly #options: EvictorOptions
  #nextAt = Number.NEGATIVE_INFINITY
  #tellAt = Number.NEGATIVE_INFINITY

  constructor(options: EvictorOptions) {
    this.#options = options
  }

  /** No file descriptor was left for a client or a backend. */
  ranOut(): void {
    this.#evict('file descriptors ran out')
  }

  /** Looks whether anything is used up. Called about once a second. */
  look(): void {
    if (this.#afterMs === undefined) return
    const { pinnedBytes, pinnedBudgetBytes } = this.#options.engine.counts() ?? NO_PIPES
    if (pinnedBytes > 0 && pinnedBytes >= pinnedBudgetBytes)
      this.#evict('the memory of kernel pipes is used up')
    else if (this.#options.connections().length >= (this.#options.most() ?? Number.POSITIVE_INFINITY))
      this.ranOut()
  }

  /** Undefined: it ends nobody. */
  get #afterMs(): number | undefined {
    const { limits } = this.#options.config()
    return limits?.dryRun === true ? undefined : limits?.evictIdle?.afterMs
  }

  #evict(shortage: Shortage): void {
    const now = this.#options.now?.() ?? performance.now()
    const afterMs = this.#afterMs
    if (afterMs === undefined || now < this.#nextAt) return
    this.#nextAt = now + EVERY_MS
    const connections = this.#options.connections()
    const most = Math.max(1, Math.floor(connections.length * LARGEST_SHARE))
    const evicted = longestIdle(connections, now, afterMs, shortage).slice(0, most)
    for (const { connection } of evicted) connection.end('evicted')
    if (evicted.length > 0) this.#tell(shortage, evicted.length, now)
  }

  #tell(reason: Shortage, ended: number, now: number): void {
    if (now < this.#tellAt) return
    this.#tellAt = now + TELL_EVERY_MS
    this.#options.log.warn({ ended }, `idle connections are ended: ${reason}`)
  }
}

/** Those that would help, the longest idle one first. */
function longestIdle(
  connections: readonly Connection[],
  now: number,
  afterMs: number,
  shortage: Shortage,
): Idle[] {
  const helps = ({ isInFlight }: Pipe): boolean => shortage === 'file descriptors ran out' || isInFlight
  return connections
    .flatMap((connection): Idle[] => {
      const { pipe } = connection
      if (pipe === undefined || now - pipe.movedAt < afterMs || !helps(pipe)) return []
      return [{ connection, idleMs: now - pipe.movedAt }]
    })
    .sort((a, b) => b.idleMs - a.idleMs)
}

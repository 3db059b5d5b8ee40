/**
 * The story of one connection, read it first:
 *
 *   accept → route (which cluster) → dial (which backend) → pipe (the bytes) → record (what happened)
 *
 * Nothing is read from the client before its backend is there: its first bytes wait in the kernel, so trying
 * another backend loses nothing. A connection decides; moving bytes is the pipe's business.
 */
import { type Address, formatAddress } from './address.js'
import type { Backend } from './cluster/backend.js'
import type { Cluster } from './cluster/cluster.js'
import type { Attempt, DialFailed, Dialled, DialResult } from './cluster/dial.js'
import { BROKEN, type Runnable, type Socket } from './io/socket.js'
import type { Expirable } from './io/sweep.js'
import type { Turns } from './io/turns.js'
import type { Listener } from './listener/listener.js'
import type { ConnectionFacts, EndCause, RecordEnding } from './observe/record.js'
import type { PipeCounters, PipeEnding, PipeSettings, PipeTotals } from './pipe/options.js'
import { Pipe } from './pipe/pipe.js'

/** What a connection needs of the proxy it lives in. */
export interface ConnectionHost {
  readonly turns: Turns
  readonly connectMs: number
  readonly counters: PipeCounters
  /** The cluster this listener's clients are sent to. */
  route(listener: Listener): { readonly cluster: Cluster; readonly settings: PipeSettings }
  /** The connection is over; both sockets are closed or about to be. */
  ended(connection: Connection, ending: RecordEnding): void
}

/** Shortages of this machine, which no other backend would mend. */
const SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'])

const NOTHING_MOVED = { bytesUp: 0, bytesDown: 0, splicedUp: 0, splicedDown: 0, notSplicing: undefined }

export class Connection implements Runnable, Expirable {
  isQueued = false
  readonly listener: Listener
  readonly clientAddress: string
  readonly #host: ConnectionHost
  readonly #client: Socket
  readonly #acceptedAt = performance.now()
  #connectedAt = 0
  #attempt: Attempt | undefined = undefined
  #backend: Backend | undefined = undefined
  #backendAddress: Address | undefined = undefined
  #retries = 0
  #pipe: Pipe | undefined = undefined
  #isOver = false

  constructor(host: ConnectionHost, listener: Listener, client: Socket, clientAddress: string) {
    this.#host = host
    this.listener = listener
    this.#client = client
    this.clientAddress = clientAddress
  }

  /** Routes and dials. */
  start(): void {
    this.#client.owner = this
    const { cluster, settings } = this.#host.route(this.listener)
    this.#attempt = cluster.dial({ connectMs: this.#host.connectMs }, (result) =>
      this.#dialled(result, settings),
    )
  }

  /** An event of the client while there is no backend yet: only that it went away matters. */
  run(): void {
    if (this.#pipe !== undefined || (this.#client.ready & BROKEN) === 0) return
    this.#refuse({ by: 'client', phase: 'connect', cause: 'client-gone', errno: this.#client.error })
  }

  expire(now: number): void {
    this.#pipe?.expire(now)
  }

  /** Ends it now, in order if nothing is in flight. */
  end(): void {
    if (this.#pipe !== undefined) this.#pipe.end('ordered')
    else this.#refuse({ by: 'proxy', phase: 'connect', cause: 'ordered' })
  }

  get totals(): PipeTotals {
    return this.#pipe?.totals ?? NOTHING_MOVED
  }

  /** Everything known about it but its id and its ending. */
  facts(): Omit<ConnectionFacts, 'id' | 'ended'> {
    const now = performance.now()
    const firstByteAt = this.#pipe?.firstByteAt ?? 0
    return {
      acceptedAt: Date.now() - (now - this.#acceptedAt),
      listener: this.listener.options.name,
      tags: this.listener.options.tags,
      client: this.clientAddress,
      cluster: this.listener.options.cluster,
      backend: this.#backend?.name,
      backendAddress: this.#backendAddress && formatAddress(this.#backendAddress),
      retries: this.#retries,
      connectMs: this.#pipe && this.#connectedAt - this.#acceptedAt,
      // A turn's clock stands still: the backend's first byte may come in the very turn that connected.
      firstByteMs: firstByteAt > 0 ? Math.max(0, firstByteAt - this.#connectedAt) : undefined,
      totalMs: now - this.#acceptedAt,
      clientRttMicros: this.#client.roundTripMicros(),
      backendRttMicros: this.#pipe?.backend.roundTripMicros(),
      ...this.totals,
    }
  }

  /** For error logs. */
  describe(): Record<string, unknown> {
    return { client: this.clientAddress, backend: this.#backend?.name, ...this.#pipe?.describe() }
  }

  #dialled(result: DialResult, settings: PipeSettings): void {
    this.#attempt = undefined
    this.#backend = result.backend
    this.#retries = result.retries
    if (result.socket === undefined) this.#refuse(whyNoBackend(result))
    else this.#join(result, settings)
  }

  #join({ socket, address }: Dialled, settings: PipeSettings): void {
    const { turns, counters } = this.#host
    this.#backendAddress = address
    this.#connectedAt = performance.now()
    const onEnd = (ending: PipeEnding): void => this.#piped(ending)
    this.#pipe = new Pipe(this.#client, socket, turns, settings, counters, onEnd)
    this.#pipe.start()
  }

  #piped(ending: PipeEnding): void {
    this.#backend?.release()
    this.#finish({ ...ending, phase: 'data' })
  }

  /** No pipe came about. The client gets a reset: an orderly end would look like an empty answer. */
  #refuse(ending: RecordEnding): void {
    if (this.#isOver) return
    this.#attempt?.cancel()
    this.#finish(ending)
    this.#client.reset()
  }

  #finish(ending: RecordEnding): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#host.ended(this, ending)
  }
}

function whyNoBackend({ error }: DialFailed): RecordEnding {
  const ending = (by: RecordEnding['by'], cause: EndCause): RecordEnding => ({
    by,
    phase: 'connect',
    cause,
    errno: error,
  })
  if (SHORTAGES.has(error)) return ending('proxy', 'out-of-resources')
  if (error === 'ECANCELED') return ending('proxy', 'ordered')
  return ending('backend', error === 'ETIMEDOUT' ? 'connect-timeout' : 'no-backend')
}

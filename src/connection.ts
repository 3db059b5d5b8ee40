/**
 * The story of one connection, read it first:
 *
 *   accept → route (which cluster) → dial (which backend) → pipe (the bytes) → record (what happened)
 *
 * Nothing is read from the client before its backend is there: its first bytes wait in the kernel, so trying
 * another backend loses nothing. A connection decides; moving bytes is the pipe's business.
 */
import { type Address, formatAddress, formatPeer, type PeerAddress } from './address.js'
import type { Backend } from './cluster/backend.js'
import type { Cluster } from './cluster/cluster.js'
import type { Attempt, DialFailed, Dialled, DialOptions, DialResult } from './cluster/dial.js'
import { BROKEN, type Runnable, type Socket } from './io/socket.js'
import type { Expirable } from './io/sweep.js'
import type { Listener } from './listener/listener.js'
import type { ConnectionFacts, EndCause, RecordEnding } from './observe/record.js'
import type { PipeEnding, PipeHost, PipeOwner, PipeTotals } from './pipe/options.js'
import { Pipe } from './pipe/pipe.js'

/** Where a client is sent, and what the pipes there have in common. */
export interface Route {
  readonly cluster: Cluster
  readonly pipes: PipeHost
}

/** What a connection needs of the proxy it lives in. */
export interface ConnectionHost {
  readonly dialOptions: DialOptions
  /** The cluster this listener's clients are sent to. */
  route(listener: Listener): Route
  /** The connection is over; both sockets are closed or about to be. */
  ended(connection: Connection, ending: RecordEnding): void
}

/** Shortages of this machine, which no other backend would mend. */
const SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'])

const NOTHING_MOVED = { bytesUp: 0, bytesDown: 0, splicedUp: 0, splicedDown: 0, notSplicing: undefined }

export class Connection implements Runnable, Expirable, PipeOwner {
  isQueued = false
  sweepIndex = -1
  readonly listener: Listener
  readonly #from: PeerAddress
  readonly #host: ConnectionHost
  readonly #client: Socket
  readonly #acceptedAt = performance.now()
  /** From accept to a connected backend, in whole µs. */
  #connectMicros = 0
  #attempt: Attempt | undefined = undefined
  #backend: Backend | undefined = undefined
  #backendAddress: Address | undefined = undefined
  #retries = 0
  #pipe: Pipe | undefined = undefined
  #isOver = false

  constructor(host: ConnectionHost, listener: Listener, client: Socket, from: PeerAddress) {
    this.#host = host
    this.listener = listener
    this.#client = client
    this.#from = from
  }

  /** Routes and dials. */
  start(): void {
    this.#client.owner = this
    const { cluster, pipes } = this.#host.route(this.listener)
    this.#attempt = cluster.dial(this.#host.dialOptions, (result) => this.#dialled(result, pipes))
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
    const firstByteMicros = this.#pipe?.firstByteMicros ?? 0
    return {
      acceptedAt: Date.now() - (now - this.#acceptedAt),
      listener: this.listener.options.name,
      tags: this.listener.options.tags,
      client: formatPeer(this.#from),
      cluster: this.listener.options.cluster,
      backend: this.#backend?.name,
      backendAddress: this.#backendAddress && formatAddress(this.#backendAddress),
      retries: this.#retries,
      connectMs: this.#pipe && this.#connectMicros / 1000,
      firstByteMs: firstByteMicros > 0 ? firstByteMicros / 1000 : undefined,
      totalMs: now - this.#acceptedAt,
      clientRttMicros: this.#client.roundTripMicros(),
      backendRttMicros: this.#pipe?.backend.roundTripMicros(),
      ...this.totals,
    }
  }

  /** For error logs. */
  describe(): Record<string, unknown> {
    return { client: formatPeer(this.#from), backend: this.#backend?.name, ...this.#pipe?.describe() }
  }

  /** Bytes were moved to the end, or to where it broke. */
  pipeEnded({ by, cause, errno, waitedFor }: PipeEnding): void {
    this.#backend?.release()
    this.#finish({ by, phase: 'data', cause, errno, waitedFor })
  }

  #dialled(result: DialResult, pipes: PipeHost): void {
    this.#attempt = undefined
    this.#backend = result.backend
    this.#retries = result.retries
    if (result.socket === undefined) this.#refuse(whyNoBackend(result))
    else this.#join(result, pipes)
  }

  #join({ socket, address }: Dialled, pipes: PipeHost): void {
    this.#backendAddress = address
    this.#connectMicros = Math.round((performance.now() - this.#acceptedAt) * 1000)
    this.#pipe = new Pipe(this.#client, socket, pipes, this)
    this.#pipe.start()
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

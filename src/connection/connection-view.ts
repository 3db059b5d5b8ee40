/**
 * What a connection tells about itself, while it runs and for its record. It only reads. connection.ts acts,
 * and has every field.
 */
import {
  type Address,
  formatAddress,
  formatPeer,
  type PeerAddress,
  parseAddress,
  unpackPeer,
} from '../address.js'
import type { Backend } from '../cluster/backend.js'
import type { Choice } from '../cluster/explanation.js'
import type { TcpSending } from '../io/tcp-info.js'
import type { Life } from '../observe/records/life.js'
import type { ConnectionFacts, OpeningFacts, RecordEnding } from '../observe/records/record.js'
import { NOTHING_MOVED, type PipeTotals } from '../pipe/options.js'
import { Pipe } from '../pipe/pipe.js'
import type { SlowedDirections } from '../pipe/throttle.js'
import type { Decision } from './decision/read-decision.js'
import { FrozenStage } from './frozen-stage.js'
import { mayNameClients } from './listener-policy.js'
import type { Negotiation } from './negotiation.js'
import type { CountedClient } from './opening/admit.js'
import { PendingClient } from './pending-client.js'
import { RefusedClient } from './refused-client.js'
import type { Destination, Service } from './service.js'

/**
 * What a connection is doing. Each kind of stage has an `end(cause)`, which is the one way to end the
 * connection. It also tells the phase.
 */
export type Stage = Negotiation | PendingClient | RefusedClient | Pipe | FrozenStage

/** What is left of a negotiation once there is a pipe. */
export interface Settled
  extends Pick<
    Negotiation,
    | 'id'
    | 'cluster'
    | 'decision'
    | 'at'
    | 'namedClient'
    | 'waitMicros'
    | 'roundTrips'
    | 'moved'
    | 'session'
    | 'facts'
    | 'close'
  > {}

export abstract class ConnectionView {
  abstract readonly service: Service
  /** The present or last backend, else the one that was dialled last. Undefined if none was dialled. */
  abstract readonly backend: Backend | undefined
  /** How many connects failed before the last one. */
  abstract readonly retries: number
  /** In the queue of its cluster, in whole µs. Undefined if it was never queued. */
  abstract readonly queuedMicros: number | undefined
  /** From the dial to a connected backend without the time in the queue, in whole µs. Undefined if none connected. */
  abstract readonly connectMicros: number | undefined
  /** From then to the backend's first byte, in whole µs, at least 1. Undefined if no byte came. */
  abstract readonly firstByteMicros: number | undefined
  /** How many bytes the client had sent by then. Undefined: no byte came from the backend. */
  abstract readonly askedBytes: number | undefined
  protected abstract readonly from: PeerAddress
  protected abstract readonly acceptedAt: number
  /** Where millrace connected to: an address of the backend, or a text that names the forward proxy. */
  protected abstract readonly reached: Address | string | undefined
  protected abstract readonly stage: Stage
  /** Undefined if client and backend are simply joined. */
  protected abstract readonly settled: Settled | undefined

  /** Whether an end now would lose nothing. */
  get isQuiet(): boolean {
    return this.pipe?.isInFlight === false
  }

  /** Name of its cluster. Undefined until one is chosen. */
  get cluster(): string | undefined {
    if (this.settled !== undefined) return this.settled.cluster
    return this.service.destination?.cluster.name
  }

  /** What a route function has decided about it, besides its cluster. */
  get decision(): Decision | undefined {
    return this.settled?.decision
  }

  /** Whether its backend is in no config. No health is judged by it, and no other process knows the backend. */
  get hasOwnBackend(): boolean {
    return this.decision?.backend !== undefined
  }

  /** Undefined until it is chosen. */
  get destination(): Destination | undefined {
    const { cluster, service } = this
    if (cluster !== undefined) return service.destinations.get(cluster)
    return this.hasOwnBackend ? service.withoutCluster : undefined
  }

  /** Address of the peer that connected, no matter which client a PROXY header or a request names. */
  get peer(): PeerAddress {
    return this.from
  }

  /** Undefined if nobody was told an id before the record. */
  get id(): string | undefined {
    return this.settled?.id
  }

  /** Address of the client: from a PROXY header or a request that we trust, else of the peer. */
  get clientAddress(): Address | undefined {
    const told = this.settled?.facts().client
    if (told === undefined) return this.from === undefined ? undefined : unpackPeer(this.from)
    const address = parseAddress(told)
    return typeof address === 'string' ? undefined : address
  }

  /** The address that counts as a source. `exempt`: a trusted proxy that has named no client, or not yet. */
  get countedClient(): CountedClient {
    const { policy } = this.service
    if (policy === undefined || !mayNameClients(policy, this.from)) return this.from
    return this.settled?.namedClient ?? 'exempt'
  }

  /** Whether it has got all places that it needs to be connected to its cluster. */
  get hasEntered(): boolean {
    if (this.cluster === undefined || this.settled?.at !== undefined) return false
    if (!(this.stage instanceof PendingClient)) return this.isConnected
    return this.stage.attempt !== undefined && this.stage.attempt.mustEnter !== true
  }

  /** Whether it is only told that it may not come in, or that there is no backend for it. */
  get isRefused(): boolean {
    return this.stage instanceof RefusedClient
  }

  get ageMs(): number {
    return performance.now() - this.acceptedAt
  }

  /** How long it has had a backend, in ms. Undefined if none has accepted. */
  get connectedMs(): number | undefined {
    if (this.connectMicros === undefined) return undefined
    return (this.ageMicros - this.dialledMicros!) / 1000
  }

  /** For code that watches the pipe while it runs. Undefined before there is one. */
  get pipe(): Pipe | undefined {
    if (this.stage instanceof Pipe) return this.stage
    return this.stage instanceof FrozenStage ? this.stage.pipe : undefined
  }

  /** It was offered to another process. Resolves with false if it goes on there. Undefined: it is not on offer. */
  get stays(): Promise<boolean> | undefined {
    return this.stage instanceof FrozenStage ? this.stage.stays : undefined
  }

  /** What was learnt of the client. Undefined: client and backend were simply joined. */
  get learnt(): OpeningFacts | undefined {
    return this.settled?.facts()
  }

  /** The key of its Postgres session, which can be cancelled. */
  get session(): string | undefined {
    return this.settled?.session
  }

  /** Whether another process could go on with it in a moment, or already could now. */
  get mayMoveLater(): boolean {
    return !this.hasOwnBackend && (this.pipe === undefined || this.pipe.isMovable)
  }

  get phase(): RecordEnding['phase'] {
    return this.stage instanceof Pipe ? 'data' : this.stage.phase
  }

  /** Whether it has a backend, or had one until its end. */
  protected get isConnected(): boolean {
    const { phase } = this
    return phase === 'data' || phase === 'response'
  }

  get totals(): PipeTotals {
    const { bytesUp = 0, bytesDown = 0 } = this.settled?.moved ?? {}
    const moved = this.pipe?.totals ?? NOTHING_MOVED
    if (bytesUp + bytesDown === 0) return moved
    return {
      ...moved,
      bytesUp: moved.bytesUp + bytesUp,
      bytesDown: moved.bytesDown + bytesDown,
      receivedUp: moved.receivedUp + bytesUp,
      receivedDown: moved.receivedDown + bytesDown,
    }
  }

  /**
   * Everything known about the connection except its ending. It is one literal, because spreading would cost
   * more than all the rest of it. `choice`: why its backend was chosen, if its record says that.
   */
  facts(totals: PipeTotals = this.totals, choice?: Choice): ConnectionFacts {
    const totalMicros = this.ageMicros
    const { settled, reached } = this
    const learnt = settled?.facts()
    const { roundTrips } = this.stage instanceof RefusedClient ? this.stage : (settled ?? {})
    const client = roundTrips === undefined ? this.stage.client.tcpInfo() : undefined
    const backend = roundTrips === undefined ? this.pipe?.backend.tcpInfo() : undefined
    const slowed = this.pipe?.limits?.slowed()
    const { bytesUp, bytesDown, splicedUp, splicedDown, notSplicing } = totals
    return {
      acceptedAt: Date.now() - totalMicros / 1000,
      listener: this.service.name,
      protocol: learnt?.protocol ?? 'TCP',
      tags: this.tags,
      client: learnt?.client ?? formatPeer(this.from),
      peer: learnt?.peer,
      proxy: learnt?.proxy,
      speaks: learnt?.speaks,
      sni: learnt?.sni,
      alpn: learnt?.alpn,
      tls: learnt?.tls,
      backendTls: learnt?.backendTls,
      http: learnt?.http,
      cluster: this.cluster,
      backend: this.backend?.name,
      backendAddress: typeof reached === 'object' ? formatAddress(reached) : undefined,
      via: typeof reached === 'string' ? reached : undefined,
      retries: this.retries,
      choice,
      waitMicros: this.waitMicros,
      queuedMicros: this.queuedMicros,
      connectMicros: this.connectMicros,
      firstByteMicros: this.firstByteMicros,
      totalMicros,
      clientRttMicros: roundTrips === undefined ? client?.rttMicros : roundTrips.client,
      backendRttMicros: roundTrips === undefined ? backend?.rttMicros : roundTrips.backend,
      bytesUp,
      bytesDown,
      splicedUp,
      splicedDown,
      notSplicing,
      limited: slowed,
      life: this.life(totalMicros, totals, slowed, client?.sending, backend?.sending, learnt),
    }
  }

  /** Those of its listener, and those that a route function has decided on. */
  get tags(): Readonly<Record<string, string>> {
    const { tags } = this.decision ?? {}
    return tags === undefined ? this.service.tags : { ...this.service.tags, ...tags }
  }

  /** Undefined: the kernel does not tell of both sides, or there is no pipe. */
  private life(
    totalMicros: number,
    totals: PipeTotals,
    slowed: SlowedDirections | undefined,
    client: TcpSending | undefined,
    backend: TcpSending | undefined,
    learnt: OpeningFacts | undefined,
  ): Life | undefined {
    const { connectMicros, firstByteMicros } = this
    if (client === undefined || backend === undefined || connectMicros === undefined) return undefined
    const { waitMicros = 0, queuedMicros = 0, askedBytes } = this
    const { routeMicros = 0, backendTls } = learnt ?? {}
    const times = { totalMicros, waitMicros, routeMicros, queuedMicros, connectMicros, firstByteMicros }
    // A close_notify of the backend would look like the end of a stream.
    const isOneTurn =
      backendTls === undefined && (firstByteMicros === undefined || askedBytes === totals.receivedUp)
    return { ...times, isOneTurn, client, backend, totals, slowed }
  }

  /** For error logs. */
  describe(): Record<string, unknown> {
    return {
      listener: this.service.name,
      client: this.settled?.facts().client ?? formatPeer(this.from),
      backend: this.backend?.name,
      ...this.pipe?.describe(),
    }
  }

  protected get ageMicros(): number {
    return Math.round((performance.now() - this.acceptedAt) * 1000)
  }

  /** From accept to a connected backend, in whole µs. Undefined if none connected. */
  protected get dialledMicros(): number | undefined {
    if (this.connectMicros === undefined) return undefined
    return (this.waitMicros ?? 0) + (this.queuedMicros ?? 0) + this.connectMicros
  }

  /** From accept to the dial, in whole µs. Undefined if no backend was dialled. */
  protected get waitMicros(): number | undefined {
    return this.settled === undefined ? 0 : this.settled.waitMicros
  }
}

/**
 * The story of one connection, read it first:
 *
 *   accept → opening (who is it, what does it want) → dial (which backend) → approach (what the backend is told)
 *          → exchange (an HTTP head and its answer) → pipe (the bytes) → record (what happened)
 *
 * Most connections need neither opening nor approach nor exchange: nothing is read from their client before the
 * backend is there, so its first bytes wait in the kernel and trying another backend loses nothing. A connection
 * decides; moving bytes is the pipe's business. It lives as long as its client stays, so what is needed only until there
 * is a pipe belongs to its arrival; and its methods are `private` and not `#`, for which V8 would give it another field.
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
import type { Cluster } from '../cluster/cluster.js'
import type { Dialled, DialOptions, DialResult } from '../cluster/dial.js'
import { DialogueOver } from '../io/dialogue.js'
import type { Liveness } from '../io/liveness.js'
import type { Socket } from '../io/socket.js'
import type { Expirable } from '../io/sweep.js'
import type { Listener } from '../listener/listener.js'
import type { ConnectionFacts, RecordEnding } from '../observe/record.js'
import {
  NOTHING_MOVED,
  type OrderedCause,
  type PipeEnding,
  type PipeHost,
  type PipeOwner,
  type PipeTotals,
} from '../pipe/options.js'
import { Pipe } from '../pipe/pipe.js'
import type { ErrorStatus } from '../websocket/error-answer.js'
import type { Manners } from './approach.js'
import { Arrival } from './arrival.js'
import { type Ends, Introduction, type IntroductionHost } from './introduction.js'
import { watchLasting } from './lasting.js'
import type { Opening } from './opening.js'
import type { Reception } from './reception.js'
import { endingOf, Refusal, statusOf, whyNoBackend } from './refusal.js'

/** A cluster, and what the pipes to it have in common. */
export interface Destination {
  readonly cluster: Cluster
  readonly pipes: PipeHost
  readonly manners: Manners
  /** Of connections to its backends that last. */
  readonly liveness: Liveness
}

/** What a listener has for its clients. A reload makes another; a connection keeps the one it was accepted with. */
export interface Service {
  readonly listener: Listener
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  /** Undefined where clients are joined to `destination` unseen. */
  readonly reception: Reception | undefined
  /** Of whom no route is for. */
  readonly destination: Destination | undefined
  /** By the name of their cluster: where clients may go to. */
  readonly destinations: ReadonlyMap<string, Destination>
}

/** What a connection needs of the proxy it lives in. */
export interface ConnectionHost extends IntroductionHost {
  readonly dialOptions: DialOptions
  /** A step before the pipe has thrown what none should throw. */
  failed(connection: Connection, cause: 'route-failed' | 'internal-error', error: unknown): void
  /** A backend has accepted; the connection knows its `connectMicros`. */
  connected(connection: Connection): void
  /** That backend's first byte has come; the connection knows its `firstByteMicros`. */
  answered(connection: Connection): void
  /** The connection is over; both sockets are closed or about to be. */
  ended(connection: Connection, ending: RecordEnding): void
}

export class Connection implements Expirable, PipeOwner {
  sweepIndex = -1
  readonly service: Service
  readonly #from: PeerAddress
  /** Undefined once it was told of the end. */
  #host: ConnectionHost | undefined
  readonly #acceptedAt = performance.now()
  /** From the dial to a connected backend, and from then to its first byte, in whole µs; the latter 0 until it came. */
  #connectMicros = 0
  #firstByteMicros = 0
  #stage: Arrival | Pipe
  #backend: Backend | undefined = undefined
  #backendAddress: Address | undefined = undefined
  #retries = 0
  /** Undefined where it is simply joined. */
  #introduction: Introduction | undefined = undefined

  constructor(host: ConnectionHost, service: Service, client: Socket, from: PeerAddress) {
    this.#host = host
    this.service = service
    this.#stage = new Arrival(client, this)
    this.#from = from
  }

  start(): void {
    const arrival = this.#stage as Arrival
    arrival.watch(arrival.client)
    const { reception, destination } = this.service
    if (reception === undefined) this.dial(arrival, destination!)
    else void this.open(arrival, reception)
  }

  /** There is no backend yet. */
  clientGone(errno: string | undefined): void {
    this.refuse({ by: 'client', phase: 'connect', cause: 'client-gone', errno })
  }

  expire(now: number, sinceMs = 0): void {
    this.pipe?.expire(now)
    if (this.#backendAddress === undefined) return
    const socket = this.pipe?.backend ?? this.#introduction?.backend?.socket
    const dialled = (this.waitMicros + this.#connectMicros) / 1000
    watchLasting(this, socket, now - this.#acceptedAt - dialled, sinceMs)
  }

  /** Ends it now: in order if nothing is in flight, and with a reset otherwise, or where it is killed. */
  end(cause: OrderedCause): void {
    const stage = this.#stage
    if (stage instanceof Pipe) stage.end(cause)
    else if (this.#introduction !== undefined && stage.attempt === undefined)
      this.#introduction.callOff(cause)
    else this.refuse({ by: 'proxy', phase: 'connect', cause })
  }

  /** Whether an end now would take nothing from anybody. */
  get isQuiet(): boolean {
    return this.pipe?.isInFlight === false
  }

  get backend(): Backend | undefined {
    return this.#backend
  }

  /** Undefined where none is chosen yet. */
  get cluster(): string | undefined {
    if (this.#introduction !== undefined) return this.#introduction.cluster
    return this.service.destination?.cluster.name
  }

  /** Undefined where nobody was told of one before its record. */
  get id(): string | undefined {
    return this.#introduction?.id
  }

  /** As a PROXY header or a request says, where one that we trust did. */
  get clientAddress(): Address | undefined {
    const told = this.#introduction?.facts().client
    if (told === undefined) return this.#from === undefined ? undefined : unpackPeer(this.#from)
    const address = parseAddress(told)
    return typeof address === 'string' ? undefined : address
  }

  /** What its client was asked before the dial; undefined where it was not, and after the hand-over. */
  get opening(): Opening | undefined {
    return this.#introduction?.opening
  }

  /** How long one connect may take. Before its end only. */
  get connectMs(): number {
    return this.#host!.dialOptions.connectMs
  }

  get ageMs(): number {
    return performance.now() - this.#acceptedAt
  }

  get retries(): number {
    return this.#retries
  }

  /** From the dial to a connected backend, in whole µs; undefined when there was none. */
  get connectMicros(): number | undefined {
    return this.#backendAddress && this.#connectMicros
  }

  /** From then to the backend's first byte, in whole µs, at least 1; undefined when there was none. */
  get firstByteMicros(): number | undefined {
    return this.#firstByteMicros > 0 ? this.#firstByteMicros : undefined
  }

  /** For who watches it while it runs. Undefined before there is one. */
  get pipe(): Pipe | undefined {
    return this.#stage instanceof Pipe ? this.#stage : undefined
  }

  get phase(): RecordEnding['phase'] {
    if (this.pipe !== undefined) return 'data'
    if (this.#backendAddress !== undefined) return 'response'
    return this.cluster === undefined ? 'opening' : 'connect'
  }

  get totals(): PipeTotals {
    const { bytesUp = 0, bytesDown = 0 } = this.#introduction?.moved ?? {}
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

  /** Everything known about it but its ending. One literal: spreading would cost more than all the rest of it. */
  facts(totals: PipeTotals = this.totals): ConnectionFacts {
    const totalMicros = this.ageMicros
    const introduction = this.#introduction
    const learnt = introduction?.facts()
    const roundTrips = introduction?.roundTrips
    const { bytesUp, bytesDown, splicedUp, splicedDown, notSplicing } = totals
    return {
      acceptedAt: Date.now() - totalMicros / 1000,
      listener: this.service.name,
      protocol: learnt?.protocol ?? 'TCP',
      tags: this.service.tags,
      client: learnt?.client ?? formatPeer(this.#from),
      peer: learnt?.peer,
      proxy: learnt?.proxy,
      sni: learnt?.sni,
      alpn: learnt?.alpn,
      tls: learnt?.tls,
      backendTls: learnt?.backendTls,
      http: learnt?.http,
      cluster: this.cluster,
      backend: this.#backend?.name,
      backendAddress: this.#backendAddress && formatAddress(this.#backendAddress),
      retries: this.#retries,
      waitMicros: introduction === undefined ? 0 : introduction.waitMicros,
      connectMicros: this.connectMicros,
      firstByteMicros: this.firstByteMicros,
      totalMicros,
      clientRttMicros: roundTrips === undefined ? this.#stage.client.roundTripMicros() : roundTrips.client,
      backendRttMicros: roundTrips === undefined ? this.pipe?.backend.roundTripMicros() : roundTrips.backend,
      bytesUp,
      bytesDown,
      splicedUp,
      splicedDown,
      notSplicing,
    }
  }

  /** For error logs. */
  describe(): Record<string, unknown> {
    return {
      listener: this.service.name,
      client: this.#introduction?.facts().client ?? formatPeer(this.#from),
      backend: this.#backend?.name,
      ...this.pipe?.describe(),
    }
  }

  /** Its first byte may have been that of a head, before there was a pipe. */
  backendAnswered(): void {
    if (this.#firstByteMicros > 0) return
    this.#firstByteMicros = Math.max(1, this.ageMicros - this.waitMicros - this.#connectMicros)
    this.#host?.answered(this)
  }

  /** Bytes were moved to the end, or to where it broke. */
  pipeEnded({ by, cause, errno, waitedFor }: PipeEnding): void {
    this.finish({ by, phase: 'data', cause, errno, waitedFor })
  }

  private get ageMicros(): number {
    return Math.round((performance.now() - this.#acceptedAt) * 1000)
  }

  /** From accept to the dial. */
  private get waitMicros(): number {
    return this.#introduction?.waitMicros ?? 0
  }

  private async open(arrival: Arrival, reception: Reception): Promise<void> {
    const introduction = new Introduction(this.#host!, this.service, reception, arrival.client, this.#from)
    this.#introduction = introduction
    try {
      const destination = await introduction.choose()
      const { calledOff } = introduction
      if (calledOff !== undefined) throw new Refusal({ by: 'proxy', phase: 'opening', cause: calledOff })
      arrival.watch(introduction.client.socket)
      introduction.waitMicros = this.ageMicros
      this.dial(arrival, destination)
    } catch (error) {
      this.failed(error, 'opening')
    }
  }

  private dial(arrival: Arrival, destination: Destination): void {
    const { cluster } = destination
    const done = (result: DialResult): void => this.dialled(arrival, result, destination)
    const at = this.#introduction?.at
    arrival.attempt = at === undefined ? cluster.dial(arrival, done) : cluster.dialAt(at, arrival, done)
  }

  private dialled(arrival: Arrival, result: DialResult, destination: Destination): void {
    arrival.attempt = undefined
    this.#backend = result.backend
    this.#retries = result.retries
    if (result.socket === undefined) {
      this.refuse(whyNoBackend(result))
      return
    }
    this.#backendAddress = result.address
    this.#connectMicros = this.ageMicros - this.waitMicros
    this.#host?.connected(this)
    if (this.#introduction === undefined)
      this.join({ client: arrival.client, backend: result.socket }, destination.pipes)
    else void this.meet(this.#introduction, result, destination)
  }

  private async meet(introduction: Introduction, dialled: Dialled, destination: Destination): Promise<void> {
    try {
      const ends = await introduction.meet(dialled, destination, () => this.backendAnswered())
      if (ends !== undefined) {
        this.join(ends, destination.pipes)
        if (introduction.calledOff !== undefined) this.end(introduction.calledOff)
      } else this.finish({ by: 'backend', phase: 'data', cause: 'finished' })
    } catch (error) {
      this.failed(error, 'response')
    }
  }

  private join({ client, backend, watch }: Ends, pipes: PipeHost): void {
    const pipe = new Pipe(client, backend, pipes, this)
    if (watch !== undefined) pipe.down.showTo(watch)
    this.#stage = pipe
    pipe.start()
  }

  /** A step before the pipe has thrown. */
  private failed(error: unknown, phase: RecordEnding['phase']): void {
    if (error instanceof Refusal) {
      this.refuse(error.ending, error.status)
    } else if (error instanceof DialogueOver) {
      const { backend, exchange, calledOff } = this.#introduction!
      this.refuse(endingOf(error, backend, exchange?.status === undefined ? phase : 'data', calledOff))
    } else {
      const cause = phase === 'opening' ? 'route-failed' : 'internal-error'
      this.#host?.failed(this, cause, error)
      this.refuse({ by: 'proxy', phase, cause })
    }
  }

  /** No pipe came about. The client gets a reset: an orderly end would look like an empty answer. */
  private refuse(ending: RecordEnding, status = statusOf(ending)): void {
    if (this.#host === undefined) return
    if (this.#stage instanceof Arrival) this.#stage.cancel()
    if (this.#introduction !== undefined) {
      void this.dismiss(this.#introduction, ending, status)
      return
    }
    this.finish(ending)
    this.#stage.client.reset()
  }

  private async dismiss(
    introduction: Introduction,
    ending: RecordEnding,
    status?: ErrorStatus,
  ): Promise<void> {
    await introduction.dismiss(ending, status)
    this.finish(ending)
  }

  private finish(ending: RecordEnding): void {
    const host = this.#host
    if (host === undefined) return
    this.#host = undefined
    if (this.#backendAddress !== undefined) this.#backend?.release()
    if (this.pipe === undefined) this.#introduction?.end()
    this.#introduction?.leave()
    host.ended(this, ending)
  }
}

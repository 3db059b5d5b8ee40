/**
 * The open connections of a proxy. Each gets what it needs of the proxy from here, and reports its progress
 * to here. This is the place that passes on the reports: to the counters, to the log, and to the drain that
 * waits for the end.
 */
import type { Address, PeerAddress } from '../address.js'
import type { Admission } from '../admission/admission.js'
import type { Entry } from '../cluster/dial.js'
import type { Explanation } from '../cluster/explanation.js'
import type { Session } from '../connection/backend/cancel-request.js'
import { Connection } from '../connection/connection.js'
import type { ConnectionHost } from '../connection/connection-host.js'
import type { CountedClient } from '../connection/opening/admit.js'
import type { Destination, Service } from '../connection/service.js'
import { mostTold, ToldClients } from '../connection/told-clients.js'
import type { Engine } from '../io/engine.js'
import { mostOpenFds } from '../io/kernel/native.js'
import type { Socket } from '../io/socket.js'
import { type Looked, Sweep } from '../io/sweep.js'
import type { RateChange } from '../limits/bandwidth/pipe-limiter.js'
import { Claim } from '../limits/claim.js'
import type { OpeningCause } from '../observe/endings.js'
import type { RecordEnding } from '../observe/records/record.js'
import type { OrderedCause } from '../pipe/options.js'
import type { Pipe } from '../pipe/pipe.js'
import { Sessions } from '../postgres/sessions.js'
import { Originations } from '../tls/originations.js'
import type { Bandwidth } from './bandwidth.js'
import type { ConnectionIds } from './connection-ids.js'
import type { Consequences } from './consequences.js'
import type { Drains } from './drains/drains.js'
import type { Generations } from './generations/generations.js'
import type { LoopGuard } from './loops/loop-guard.js'
import type { Recount } from './recount.js'
import type { ConnectionLog } from './reporting/connection-log.js'
import type { ProxyCounters } from './reporting/proxy-counters.js'

export interface ConnectionsOptions {
  readonly engine: Engine
  readonly admission: Admission
  readonly generations: Generations
  readonly counters: ProxyCounters
  readonly connectionLog: ConnectionLog
  readonly drains: Drains
  /** Called when a backend has accepted, when it has answered, and at the end. */
  readonly health: Pick<Consequences, 'connected' | 'answered' | 'left' | 'ended'>
  readonly ids: ConnectionIds
  readonly bandwidth: Bandwidth
  readonly recount: Recount
  readonly loops: Pick<LoopGuard, 'ended'>
  /** Called after each look at deadlines. */
  readonly looked: Looked
  /** Called when no file descriptor or memory was left for a backend. */
  readonly ranOut: () => void
  /** Called when a client has come and was not turned away at once. */
  readonly began: (connection: Connection) => void
  /** Called when a connection has ended. */
  readonly ended: (connection: Connection, ending: RecordEnding) => void
}

export class Connections implements ConnectionHost {
  readonly engine: Engine
  readonly ids: ConnectionIds
  readonly sessions = new Sessions<Session>()
  readonly originations = new Originations()
  readonly told = new ToldClients(mostTold(mostOpenFds()))
  readonly drains: Drains
  readonly #bandwidth: Bandwidth
  readonly #recount: Recount
  readonly #loops: ConnectionsOptions['loops']
  readonly #admission: Admission
  readonly #generations: Generations
  readonly #counters: ProxyCounters
  readonly #connectionLog: ConnectionLog
  readonly #health: ConnectionsOptions['health']
  readonly #ranOut: () => void
  readonly #began: ConnectionsOptions['began']
  readonly #ended: ConnectionsOptions['ended']
  readonly #members: Sweep<Connection>
  #whenEmpty: (() => void) | undefined

  constructor(options: ConnectionsOptions) {
    const {
      engine,
      admission,
      generations,
      counters,
      connectionLog,
      drains,
      health,
      ids,
      looked,
      ranOut,
      began,
      ended,
    } = options
    this.engine = engine
    this.ids = ids
    this.#admission = admission
    this.#generations = generations
    this.#counters = counters
    this.#connectionLog = connectionLog
    this.drains = drains
    this.#health = health
    this.#ranOut = ranOut
    this.#began = began
    this.#ended = ended
    this.#bandwidth = options.bandwidth
    this.#recount = options.recount
    this.#loops = options.loops
    this.#members = new Sweep<Connection>(looked)
  }

  /** A client has come. It becomes a connection, unless it has to wait at its listener and comes again. */
  admit(service: Service, client: Socket, from: PeerAddress): void {
    const decision = this.#admission.decide(service, from)
    if (decision === 'wait') {
      this.#admission.wait(service.listener, client, from)
      return
    }
    const connection = this.#add(new Connection(this, service, client, from))
    if (decision instanceof Claim) connection.claim = decision
    if (decision === 'go-on' || decision instanceof Claim) {
      this.#recount.counted(connection, false)
      connection.start()
      this.#began(connection)
    } else this.#admission.refuse(connection, decision)
  }

  /** A copy in no particular order. It stays the same while connections come and go. */
  all(): readonly Connection[] {
    return this.#members.members()
  }

  get size(): number {
    return this.#members.size
  }

  endAll(cause: OrderedCause): void {
    for (const connection of this.all()) connection.end(cause)
  }

  /** Resolves when no connection is left. */
  async emptied(): Promise<void> {
    if (this.#members.size === 0) return
    await new Promise<void>((resolve) => {
      const earlier = this.#whenEmpty
      this.#whenEmpty = () => {
        earlier?.()
        resolve()
      }
    })
  }

  nextId(): string {
    return this.ids.next()
  }

  explanationOf(connection: Connection): Explanation | undefined {
    return this.#connectionLog.explanationOf(connection)
  }

  admitNamed(connection: Connection, client: Address): OpeningCause | undefined {
    const limits = this.#recount.planOfListener(connection.service.name)
    const cause = this.#admission.named(connection, client, limits)
    if (cause === undefined) this.#recount.counted(connection, false, client)
    return cause
  }

  enter(connection: Connection, destination: Destination, client: CountedClient): Entry {
    // A client may have waited while another config came. The limits of the present one hold.
    const present = this.#generations.present.destinations.get(connection.cluster ?? '')
    const entry = this.#admission.enter(connection, present ?? destination, client)
    if (entry === 'in') this.#recount.counted(connection, true)
    return entry
  }

  failed(connection: Connection, cause: 'route-failed' | 'internal-error', err: unknown): void {
    this.#connectionLog.failed(connection, cause, err)
  }

  connected(connection: Connection): void {
    this.#counters.connected(connection)
    this.#health.connected(connection)
    this.#connectionLog.opened(connection)
  }

  lasts(connection: Connection, openMs: number, sinceMs: number): void {
    this.#connectionLog.lasts(connection, openMs, sinceMs)
  }

  joined(connection: Connection, pipe: Pipe): void {
    this.#bandwidth.joined(connection, pipe)
  }

  answered(connection: Connection): void {
    this.#counters.answered(connection)
    this.#health.answered(connection)
  }

  /** A connection of another process goes on here, with the rates that an operator has given it. */
  resume(connection: Connection, rates: RateChange | undefined): void {
    this.#members.add(connection, this.#generations.present.shortestTimeoutMs)
    this.#recount.resumed(connection)
    this.#counters.resumed(connection)
    this.#bandwidth.resumed(connection, rates)
    if (connection.firstByteMicros === undefined) this.#health.connected(connection)
    const pipe = connection.pipe!
    this.joined(connection, pipe)
    pipe.start()
  }

  left(connection: Connection): void {
    this.#members.delete(connection)
    this.#bandwidth.count(connection)
    this.#recount.left(connection)
    this.#counters.left(connection)
    this.#health.left(connection)
    this.#gone(connection)
  }

  ended(connection: Connection, ending: RecordEnding): void {
    this.#members.delete(connection)
    const { totals } = connection
    this.#bandwidth.count(connection)
    this.#counters.ended(connection, ending)
    this.#connectionLog.ended(connection, ending, totals)
    this.#health.ended(connection, ending)
    if (ending.cause === 'out-of-resources') this.#ranOut()
    this.#ended(connection, ending)
    this.#gone(connection)
  }

  #gone(connection: Connection): void {
    this.drains.left(connection)
    this.#loops.ended(connection)
    this.#admission.ended(connection)
    if (this.#members.size === 0) this.#whenEmpty?.()
  }

  #add(connection: Connection): Connection {
    this.#counters.countsOf(connection.service).accepted++
    this.#members.add(connection, this.#generations.present.shortestTimeoutMs)
    return connection
  }
}

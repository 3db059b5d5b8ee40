/**
 * The step between accept and connection. It asks its rule (rule.ts) once about each client, before anything
 * else is done. The client goes on, waits at its listener or is refused. When a connection is over, it asks
 * again about clients that wait: in order, and before any new client. It decides nothing itself.
 */
import type { Address, PeerAddress } from '../address.js'
import type { Entry } from '../cluster/dial.js'
import type { Connection } from '../connection/connection.js'
import type { CountedClient } from '../connection/opening/admit.js'
import type { Destination, Service } from '../connection/service.js'
import type { Engine } from '../io/engine.js'
import type { Runnable, Socket } from '../io/socket.js'
import type { LimitPlan } from '../limits/limit.js'
import type { Listener } from '../listener/listener.js'
import { kindOf, type OpeningCause } from '../observe/endings.js'
import type { RecordEnding } from '../observe/records/record.js'
import type { AdmissionRule, AdmissionStep, Decision, Refuse } from './rule.js'

export class Admission implements AdmissionStep, Runnable {
  isQueued = false
  readonly #rule: AdmissionRule
  readonly #engine: Engine
  /** Listeners that pause because a client waits. The one that pauses longest comes first. */
  readonly #paused = new Set<Listener>()
  /** Listeners whose waiting client the rule must be asked about again. */
  readonly #due = new Set<Listener>()
  #isAsking = false
  readonly #drain = (): void => this.#engine.runQueue.drain()

  constructor(engine: Engine, rule: AdmissionRule) {
    this.#engine = engine
    this.#rule = rule
    rule.begin?.(this)
  }

  /** A client comes, or comes again. It must not overtake waiting clients whose turn may have come. */
  decide(service: Service, from: PeerAddress): Decision {
    if (this.isQueued && !this.#isAsking) while (this.#due.size > 0) this.#askNext()
    return this.#rule.decide(service, from)
  }

  /** A trusted proxy has named the client of this connection. Why this client may not come in. Undefined: it may. */
  named(connection: Connection, client: Address, limits: LimitPlan | undefined): OpeningCause | undefined {
    return this.#rule.named?.(connection, client, limits)
  }

  /** The cluster of this connection is chosen. The client needs places in it. */
  enter(connection: Connection, destination: Destination, client: CountedClient): Entry {
    return this.#rule.enter?.(connection, destination, client) ?? 'in'
  }

  /** The client comes again, before anybody else of its listener. */
  wait(listener: Listener, client: Socket, from: PeerAddress): void {
    listener.pause('admission')
    listener.putBack(client, from)
    this.#paused.add(listener)
  }

  /** Turns the client away. It was not let in. */
  refuse(connection: Connection, refusal: Refuse): void {
    connection.gaveUp(endingOf(refusal))
  }

  /** A connection is over. A client that waits may have its place. */
  ended(connection: Connection): void {
    if (connection.claim !== undefined) this.#giveBack(connection)
    if (this.#paused.size > 0 && this.#rule.isForOthers?.() !== true) this.askAgain()
  }

  askAgain(): void {
    for (const listener of this.#paused) this.#due.add(listener)
    this.#paused.clear()
    this.#askLater()
  }

  /** Asks about one client per run, so that clients already served have their turns in between. */
  run(): void {
    this.#askNext()
    this.#askLater()
  }

  #giveBack(connection: Connection): void {
    this.#rule.ended?.(connection)
    const { cluster: name, service } = connection
    const cluster = service.destinations.get(name ?? '')?.cluster
    cluster?.queue.freed(cluster)
  }

  /** Not at once, because what has ended is still being closed. */
  #askLater(): void {
    if (this.isQueued || this.#due.size === 0) return
    this.#engine.runQueue.add(this)
    queueMicrotask(this.#drain)
  }

  /** The listener's client comes again, and may pause the listener again. */
  #askNext(): void {
    this.#isAsking = true
    const [listener] = this.#due
    if (listener !== undefined) {
      this.#due.delete(listener)
      listener.resume('admission')
    }
    this.#isAsking = false
    if (this.#paused.size === 0 && this.#due.size === 0) this.#rule.nobodyWaits?.()
  }
}

function endingOf({ cause }: Refuse): RecordEnding {
  const [phase] = kindOf({ by: 'proxy', phase: 'opening', cause }).phases
  return { by: 'proxy', phase: phase!, cause }
}

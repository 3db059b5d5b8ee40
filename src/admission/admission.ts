/**
 * The step between accept and connection. It asks its rule (rule.ts) once about each client, before anything
 * else is done. The client goes on, waits at its listener, is queued or is refused. When a backend is
 * released or a connection is over, it asks again about clients that wait: in order, and before any new
 * client. It decides nothing itself. Without a rule everybody goes on.
 */
import type { PeerAddress } from '../address.js'
import type { Backend } from '../cluster/backend.js'
import type { Cluster } from '../cluster/cluster.js'
import type { Connection } from '../connection/connection.js'
import type { HeldConnection } from '../connection/held-connection.js'
import type { Service } from '../connection/service.js'
import type { Engine } from '../io/engine.js'
import type { Runnable, Socket } from '../io/socket.js'
import type { Listener } from '../listener/listener.js'
import { kindOf } from '../observe/endings.js'
import type { RecordEnding } from '../observe/records/record.js'
import { type ClientQueue, ClientQueues } from './client-queues.js'
import type { AdmissionRule, AdmissionStep, Decision, Queue, QueueTarget, Refuse } from './rule.js'

const ALL_GO_ON: AdmissionRule = { decide: () => 'go-on' }

export class Admission implements AdmissionStep, Runnable {
  isQueued = false
  readonly #rule: AdmissionRule
  readonly #engine: Engine
  readonly #queues: ClientQueues
  /** Listeners that pause because a client waits. The one that pauses longest comes first. */
  readonly #paused = new Set<Listener>()
  /** Queues and listeners whose waiting clients the rule must be asked about again. */
  readonly #dueQueues = new Set<ClientQueue>()
  readonly #dueListeners = new Set<Listener>()
  #isAsking = false
  readonly #drain = (): void => this.#engine.runQueue.drain()

  constructor(engine: Engine, rule: AdmissionRule = ALL_GO_ON) {
    this.#engine = engine
    this.#rule = rule
    this.#queues = new ClientQueues(engine.sweep)
    rule.begin?.(this)
  }

  /** A client comes, or comes again. It must not overtake waiting clients whose turn may have come. */
  decide(service: Service, from: PeerAddress): Decision {
    if (this.isQueued && !this.#isAsking) while (this.#isAnyDue) this.#askNext()
    return this.#rule.decide(service, from)
  }

  /** The client comes again, before anybody else of its listener. */
  wait(listener: Listener, client: Socket, from: PeerAddress): void {
    listener.pause('admission')
    listener.putBack(client, from)
    this.#paused.add(listener)
  }

  /** Queues the client, or turns it away. */
  hold(connection: HeldConnection, decision: Queue | Refuse): void {
    if (decision.answer === 'queue') this.#queues.add(connection, decision)
    else connection.gaveUp(endingOf(decision))
  }

  queued(target: QueueTarget): number {
    return this.#queues.of(target)?.length ?? 0
  }

  /** A connection to `backend`, or a failed connect, is over. A waiting client may have its place. */
  released(backend: Backend, cluster: Cluster): void {
    if (this.#queues.isEmpty) return
    this.#askQueueOf(backend)
    this.#askQueueOf(cluster)
    this.#askLater()
  }

  /** A connection is over. Clients that wait for its listener, cluster or backend may have its place. */
  ended(connection: Connection): void {
    const { service } = connection
    if (connection.wasLetIn) this.#rule.ended?.(service, connection.peer)
    if (this.#paused.size === 0 && this.#queues.isEmpty) return
    const { backend, cluster } = connection
    this.#askListeners()
    this.#askQueueOf(backend)
    this.#askQueueOf(cluster === undefined ? undefined : service.destinations.get(cluster)?.cluster)
    this.#askLater()
  }

  askAgain(): void {
    for (const queue of this.#queues.all()) this.#dueQueues.add(queue)
    this.#askListeners()
    this.#askLater()
  }

  /** Asks about one client per run, so that clients already served have their turns in between. */
  run(): void {
    this.#askNext()
    this.#askLater()
  }

  get #isAnyDue(): boolean {
    return this.#dueQueues.size + this.#dueListeners.size > 0
  }

  #askQueueOf(target: QueueTarget | undefined): void {
    const queue = target && this.#queues.of(target)
    if (queue !== undefined) this.#dueQueues.add(queue)
  }

  #askListeners(): void {
    for (const listener of this.#paused) this.#dueListeners.add(listener)
    this.#paused.clear()
  }

  /** Not at once, because what has ended is still being closed. */
  #askLater(): void {
    if (this.isQueued || !this.#isAnyDue) return
    this.#engine.runQueue.add(this)
    queueMicrotask(this.#drain)
  }

  #askNext(): void {
    this.#isAsking = true
    const queue = this.#nextQueue()
    if (queue !== undefined) this.#askFirst(queue)
    else this.#resumeNext()
    this.#isAsking = false
  }

  /** Of the due queues: the one whose first client comes before the first clients of all others. */
  #nextQueue(): ClientQueue | undefined {
    let next: ClientQueue | undefined
    for (const queue of this.#dueQueues) {
      if (queue.first === undefined) this.#dueQueues.delete(queue)
      else if (next?.first === undefined || queue.first.isBefore(next.first)) next = queue
    }
    return next
  }

  /** If the first client must wait on, so must all behind it. */
  #askFirst(queue: ClientQueue): void {
    const place = queue.first!
    const { connection } = place
    const decision = this.#rule.decide(connection.service, connection.peer)
    if (decision === 'go-on') {
      place.cancel()
      connection.goOn()
    } else if (decision !== 'wait' && decision.answer === 'refuse') {
      place.cancel()
      connection.gaveUp(endingOf(decision))
    } else this.#dueQueues.delete(queue)
  }

  /** The listener's client comes again, and may pause the listener again. */
  #resumeNext(): void {
    const [listener] = this.#dueListeners
    if (listener === undefined) return
    this.#dueListeners.delete(listener)
    listener.resume('admission')
  }
}

function endingOf({ cause }: Refuse): RecordEnding {
  const [phase] = kindOf({ by: 'proxy', phase: 'opening', cause }).phases
  return { by: 'proxy', phase: phase!, cause }
}

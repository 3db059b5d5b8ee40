/**
 * Clients that wait for a backend or a cluster. Each has a place, ordered by priority and then by arrival. A
 * place ends when its turn comes, its deadline passes, its client goes away, or its connection is ended.
 * Nothing of it stays.
 */
import type { Dialling } from '../cluster/dial.js'
import type { HeldConnection } from '../connection/held-connection.js'
import type { Expirable, Sweep } from '../io/sweep.js'
import type { RecordEnding } from '../observe/records/record.js'
import type { Queue, QueueTarget } from './rule.js'

const TOO_LATE: RecordEnding = {
  by: 'backend',
  phase: 'connect',
  cause: 'connect-timeout',
  errno: 'ETIMEDOUT',
}

export class ClientQueues {
  readonly #sweep: Sweep
  readonly #queues = new Map<QueueTarget, ClientQueue>()
  /** How many clients have come so far. */
  #count = 0

  constructor(sweep: Sweep) {
    this.#sweep = sweep
  }

  get isEmpty(): boolean {
    return this.#queues.size === 0
  }

  of(target: QueueTarget): ClientQueue | undefined {
    return this.#queues.get(target)
  }

  all(): Iterable<ClientQueue> {
    return this.#queues.values()
  }

  add(connection: HeldConnection, { target, priority, deadlineMs }: Queue): void {
    const queue = this.#queues.get(target) ?? new ClientQueue(() => this.#queues.delete(target))
    this.#queues.set(target, queue)
    const place = new Place(connection, priority, this.#count++, deadlineMs, queue, this.#sweep)
    queue.add(place)
    connection.waitAt(place)
  }
}

/** The clients that wait for one target. */
export class ClientQueue {
  /** Places by priority. There are few priorities. No set is empty. */
  readonly #places = new Map<number, Set<Place>>()
  readonly #emptied: () => void

  constructor(emptied: () => void) {
    this.#emptied = emptied
  }

  get length(): number {
    let length = 0
    for (const places of this.#places.values()) length += places.size
    return length
  }

  /** The place whose turn is next. Undefined if nobody waits any more. */
  get first(): Place | undefined {
    if (this.#places.size === 0) return undefined
    const [first] = this.#places.get(Math.min(...this.#places.keys()))!
    return first
  }

  add(place: Place): void {
    const places = this.#places.get(place.priority)
    if (places === undefined) this.#places.set(place.priority, new Set([place]))
    else places.add(place)
  }

  delete(place: Place): void {
    const places = this.#places.get(place.priority)
    if (places?.delete(place) !== true || places.size > 0) return
    this.#places.delete(place.priority)
    if (this.#places.size === 0) this.#emptied()
  }
}

export class Place implements Dialling, Expirable {
  sweepIndex = -1
  readonly connection: HeldConnection
  readonly priority: number
  readonly #number: number
  readonly #deadline: number
  readonly #queue: ClientQueue
  readonly #sweep: Sweep

  constructor(
    connection: HeldConnection,
    priority: number,
    number: number,
    deadlineMs: number,
    queue: ClientQueue,
    sweep: Sweep,
  ) {
    this.connection = connection
    this.priority = priority
    this.#number = number
    this.#deadline = performance.now() + deadlineMs
    this.#queue = queue
    this.#sweep = sweep
    if (deadlineMs > 0) sweep.add(this, deadlineMs)
  }

  isBefore(other: Place): boolean {
    return this.priority === other.priority ? this.#number < other.#number : this.priority < other.priority
  }

  /** Leaves the place: the client went away, somebody ended the connection, or its turn has come. */
  cancel(): void {
    this.#queue.delete(this)
    this.#sweep.delete(this)
  }

  expire(now: number): void {
    if (now < this.#deadline) return
    this.cancel()
    this.connection.gaveUp(TOO_LATE)
  }
}

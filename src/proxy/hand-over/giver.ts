/**
 * Gives connections to another process, in batches. messages.ts says who owns a connection at each moment. A connection that cannot be
 * moved, or that the other process does not take, goes on here.
 */
import type { Connection } from '../../connection/connection.js'
import { toFrozen } from '../../connection/frozen-connection.js'
import type { FrozenStage } from '../../connection/frozen-stage.js'
import type { MessageHandler, MessageSocket } from '../../io/kernel/message-socket.js'
import { MOST_FDS_PER_MESSAGE } from '../../io/kernel/native-constants.js'
import type { RateChange } from '../../limits/bandwidth/pipe-limiter.js'
import { batchOf, MOST_MESSAGE_BYTES, readTaken } from './messages.js'

/** How long frozen connections wait for an answer (ms). A process that is stopped must not stop them for longer. */
const ANSWER_MS = 2000
/** A batch has so few connections that none stands still for long. */
const MOST_CONNECTIONS = 64
/** What a message has beside its connections. */
const ROOM_BYTES = 100
/** How often to try connections again that cannot be moved, and how many times. */
const LOOK_EVERY_MS = 50
const MOST_LOOKS = 20

/** What it needs of its proxy. */
export interface GiverHost {
  /** The id in the record of the connection. */
  idOf(connection: Connection): string
  /** Undefined: no operator has given rates to the connection. */
  ratesOf(connection: Connection): RateChange | undefined
  /** The other process has answered that it does not take the connection. */
  refused(connection: Connection): void
  /** The other process has not answered in time. */
  silent(): void
}

interface Frozen {
  readonly connection: Connection
  readonly stage: FrozenStage
  /** What the other process needs to know, as JSON. */
  readonly text: string
}

export class Giver implements MessageHandler {
  readonly #socket: MessageSocket
  readonly #host: GiverHost
  readonly #waiting: Connection[]
  /** They could not be moved when it was their turn. */
  #later: Connection[] = []
  #looks = 0
  readonly #done: (given: number) => void
  #batch: readonly Frozen[] = []
  #timer: NodeJS.Timeout | undefined
  #given = 0
  #isOver = false

  private constructor(
    socket: MessageSocket,
    host: GiverHost,
    connections: readonly Connection[],
    done: (given: number) => void,
  ) {
    this.#socket = socket
    this.#host = host
    this.#waiting = [...connections]
    this.#done = done
  }

  /** Gives what can be moved of `connections`. Resolves with how many the other process has taken. It owns the socket. */
  static give(socket: MessageSocket, host: GiverHost, connections: readonly Connection[]): Promise<number> {
    return new Promise((resolve) => {
      const giver = new Giver(socket, host, connections, resolve)
      socket.handler = giver
      giver.#sendNext()
    })
  }

  message(bytes: Buffer): void {
    clearTimeout(this.#timer)
    const taken = readTaken(bytes)
    if (taken === undefined || this.#batch.length === 0) this.#stop()
    else this.#answered(taken, true)
    // Between two batches, other connections get their turn.
    if (!this.#isOver) setImmediate(() => this.#sendNext())
  }

  closed(): void {
    this.#stop()
  }

  #sendNext(): void {
    if (this.#isOver) return
    this.#batch = this.#freezeNext()
    if (this.#batch.length === 0) this.#lookAgain()
    else if (this.#sendBatch(this.#batch) === '') this.#timer = setTimeout(() => this.#late(), ANSWER_MS)
    else this.#takeBack()
  }

  /** The kernel has not taken the message. It may later: so many fds of a user may be on their way (ETOOMANYREFS). */
  #takeBack(): void {
    this.#later.push(...this.#batch.map(({ connection }) => connection))
    this.#answered([])
    this.#lookAgain()
  }

  #sendBatch(batch: readonly Frozen[]): string {
    const fds = batch.flatMap(({ stage }) => stage.standing.fds)
    return this.#socket.send(batchOf(batch.map(({ text }) => text)), fds)
  }

  /** As many as fit into one message. A connection that fits into none stays here. */
  #freezeNext(): Frozen[] {
    const batch: Frozen[] = []
    let [bytes, fds] = [ROOM_BYTES, 0]
    while (batch.length < MOST_CONNECTIONS) {
      const connection = this.#waiting.pop()
      if (connection === undefined) break
      const frozen = this.#freeze(connection)
      if (frozen === undefined) continue
      bytes += Buffer.byteLength(frozen.text) + 1
      fds += frozen.stage.standing.fds.length
      if (bytes <= MOST_MESSAGE_BYTES && fds <= MOST_FDS_PER_MESSAGE) {
        batch.push(frozen)
        continue
      }
      connection.thaw(frozen.stage)
      if (batch.length > 0) {
        this.#waiting.push(connection)
        break
      }
      bytes = ROOM_BYTES
      fds = 0
    }
    return batch
  }

  /** Undefined: it cannot be moved now. */
  #freeze(connection: Connection): Frozen | undefined {
    const stage = connection.freeze()
    if (stage === undefined) {
      if (connection.mayMoveLater) this.#later.push(connection)
      return undefined
    }
    const { idOf, ratesOf } = this.#host
    const facts = toFrozen(connection, idOf(connection), stage.standing.facts, ratesOf(connection))
    return { connection, stage, text: JSON.stringify(facts) }
  }

  /** Connections whose bytes were in this process a moment ago may be moved now. */
  #lookAgain(): void {
    if (this.#later.length === 0 || this.#looks >= MOST_LOOKS) {
      this.#stop()
      return
    }
    this.#looks += 1
    this.#waiting.push(...this.#later)
    this.#later = []
    this.#timer = setTimeout(() => this.#sendNext(), LOOK_EVERY_MS)
  }

  #late(): void {
    this.#host.silent()
    this.#stop()
  }

  /** The other process owns what it has taken. Everything else goes on here. `isAnswer` false: nobody has refused it. */
  #answered(taken: readonly unknown[], isAnswer = false): void {
    const batch = this.#batch
    this.#batch = []
    for (const [index, { connection, stage }] of batch.entries()) {
      if (taken[index] === true) {
        this.#given += 1
        connection.leave(stage)
        continue
      }
      connection.thaw(stage)
      if (isAnswer) this.#host.refused(connection)
    }
  }

  /** An answer that came before still counts: the other process owns what it has taken then. */
  #stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#socket.end()
    const last = { message: (bytes: Buffer) => this.#answered(readTaken(bytes) ?? []), closed: () => {} }
    if (this.#socket.fd >= 0 && this.#batch.length > 0) this.#socket.receive(last)
    this.#answered([])
    this.#socket.close()
    this.#done(this.#given)
  }
}

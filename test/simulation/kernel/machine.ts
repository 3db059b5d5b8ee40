/** What all processes have in common: the network, who can be connected to, and who listens where. */
import { AcceptQueue } from './accept-queue.js'
import { EADDRINUSE } from './errnos.js'
import { Network } from './network.js'
import type { OneWay } from './one-way.js'
import type { TcpPeer } from './tcp-socket.js'

/** What a connection is for whoever is at its far end. */
export interface FarEnd {
  readonly inbound: OneWay
  readonly outbound: OneWay
  /** close(2), of a unix socket; `hasUnread`: something was there that nobody read. */
  readonly hangUp?: (hasUnread: boolean) => void
}

/** Somebody who can be connected to. */
export interface Server {
  /** -errno of a connect(2) that fails at once, or 0. */
  refuseAtOnce(): number
  /** The errno a connect ends with, 0 where it is accepted; undefined where it is not answered, for now. */
  answer(): number | undefined
  accepted(far: FarEnd): void
}

const FIRST_PORT = 40_000

export class Machine {
  readonly network = new Network()
  readonly servers = new Map<string, Server>()
  /** By address: one, or as many as share it. */
  readonly #queues = new Map<string, AcceptQueue[]>()
  #nextPort = FIRST_PORT

  /** Of an address that nobody has. */
  nextPort(): number {
    return this.#nextPort++
  }

  /** A new queue there, or -errno. */
  listen(local: TcpPeer, backlog: number, isShared: boolean): AcceptQueue | number {
    const there = this.queuesAt(local)
    if (there.length > 0 && !(isShared && there.every((each) => each.isShared))) return -EADDRINUSE
    const queue = new AcceptQueue(local, isShared, backlog, (closed) => this.#closed(closed))
    this.#queues.set(nameOf(local), [...there, queue])
    return queue
  }

  queuesAt(local: TcpPeer): readonly AcceptQueue[] {
    return this.#queues.get(nameOf(local)) ?? []
  }

  allQueues(): readonly AcceptQueue[] {
    return [...this.#queues.values()].flat()
  }

  #closed(queue: AcceptQueue): void {
    const left = this.queuesAt(queue.local).filter((each) => each !== queue)
    if (left.length > 0) this.#queues.set(nameOf(queue.local), left)
    else this.#queues.delete(nameOf(queue.local))
  }
}

export const nameOf = ({ host, port }: TcpPeer): string => `${host}:${port}`

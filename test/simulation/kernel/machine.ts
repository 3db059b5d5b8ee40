/** What all processes share: the network, the servers they can connect to, the listening sockets by address, and tables of counts. */
import type { CountsFile } from '../addon/counts-tables.js'
import { AcceptQueue } from './accept-queue.js'
import { EADDRINUSE } from './errnos.js'
import type { MessageListener } from './message-socket.js'
import { Network } from './network.js'
import type { OneWay } from './one-way.js'
import type { TcpPeer } from './tcp-socket.js'

/** A connection as its far end sees it. */
export interface FarEnd {
  readonly inbound: OneWay
  readonly outbound: OneWay
  /** close(2) of a unix socket. `hasUnread` says whether unread bytes were left. */
  readonly hangUp?: (hasUnread: boolean) => void
}

/** A server that processes can connect to. */
export interface Server {
  /** The -errno of a connect(2) that fails at once. 0 if it does not. */
  refuseAtOnce(): number
  /** The errno with which a connect ends. 0 if it is accepted, undefined if it has no answer yet. */
  answer(): number | undefined
  accepted(far: FarEnd): void
}

const FIRST_PORT = 40_000

export class Machine {
  readonly network = new Network()
  readonly servers = new Map<string, Server>()
  /** The tables of counts that its processes share. */
  readonly countsFiles: CountsFile[] = []
  /** Sockets for messages, by path. */
  readonly messageListeners = new Map<string, MessageListener>()
  /** The queues of each address: one, or several that share it. */
  readonly #queues = new Map<string, AcceptQueue[]>()
  #nextPort = FIRST_PORT

  /** Returns a port that nobody uses. */
  nextPort(): number {
    return this.#nextPort++
  }

  /** Returns a new queue at this address, or -errno. */
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

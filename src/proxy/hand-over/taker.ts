/**
 * Takes connections over that another process gives, at a socket of its own. messages.ts says who owns a connection at each moment. A
 * connection is taken only if everything that it names exists here. The other ones stay where they are, and go on there.
 */
import type { FrozenConnection } from '../../connection/frozen-connection.js'
import { type Resumable, ResumedConnection, resumable } from '../../connection/resumed-connection.js'
import type { Service } from '../../connection/service.js'
import type { KernelLoop } from '../../io/kernel/kernel-loop.js'
import { type MessageHandler, MessageListener, type MessageSocket } from '../../io/kernel/message-socket.js'
import { dropFds, fdsOfPipe, type ReceivedPipe, takeFds } from '../../pipe/fd/received-pipe.js'
import type { Connections } from '../connections.js'
import type { Drains } from '../drains/drains.js'
import { takenOf } from './messages.js'
import type { readBatch } from './read-batch.js'

/** What it needs of its proxy. */
export interface TakerHost {
  readonly connections: Connections
  /** False: the proxy drains, and takes nothing. */
  isRunning(): boolean
  services(): Iterable<Service>
  readonly drains: Pick<Drains, 'isTooLate'>
  readonly readBatch: typeof readBatch
}

interface Offer {
  readonly resumable: Resumable
  readonly received: ReceivedPipe
}

export class Taker {
  readonly #loop: KernelLoop
  readonly #host: TakerHost
  readonly #sockets = new Set<MessageSocket>()
  #listener: MessageListener | undefined

  private constructor(loop: KernelLoop, host: TakerHost) {
    this.#loop = loop
    this.#host = host
  }

  /** Waits for other processes at this path. Its folder must be private. Returns the errno name if it cannot listen there. */
  static at(loop: KernelLoop, host: TakerHost, path: string): Taker | string {
    const taker = new Taker(loop, host)
    const listener = MessageListener.listen(loop, path, (socket) => taker.#accepted(socket))
    if (typeof listener === 'string') return listener
    taker.#listener = listener
    return taker
  }

  close(): void {
    this.#listener?.close()
    for (const socket of this.#sockets) socket.close()
    this.#sockets.clear()
  }

  #accepted(socket: MessageSocket): void {
    this.#sockets.add(socket)
    const handler: MessageHandler = {
      message: (bytes, fds) => this.#take(socket, bytes, fds),
      closed: () => {
        this.#sockets.delete(socket)
      },
    }
    socket.handler = handler
    socket.notify()
    this.#loop.runQueue.drain()
  }

  #take(socket: MessageSocket, bytes: Buffer, fds: readonly number[]): void {
    const offers = this.#offersOf(bytes, fds)
    const taken = takenOf(offers.map((offer) => offer !== undefined))
    const isTaken = socket.send(taken) === ''
    for (const offer of offers) if (offer !== undefined) this.#decided(offer, isTaken)
    if (isTaken) return
    this.#sockets.delete(socket)
    socket.close()
  }

  /** Undefined in place of a connection that is not taken. All its fds are closed. */
  #offersOf(bytes: Buffer, fds: readonly number[]): (Offer | undefined)[] {
    const { native } = this.#loop
    const batch = this.#host.isRunning() ? this.#host.readBatch(bytes) : undefined
    const expected = batch?.reduce((sum, { pipe }) => sum + fdsOfPipe(pipe), 0)
    if (batch === undefined || expected !== fds.length) {
      for (const fd of fds) native.close(fd)
      return []
    }
    const services = [...this.#host.services()]
    let at = 0
    return batch.map((frozen) => {
      const own = fds.slice(at, at + fdsOfPipe(frozen.pipe))
      at += own.length
      const known = this.#known(frozen, services)
      const received = takeFds(native, frozen.pipe, own)
      if (known !== undefined && received !== undefined) {
        return { resumable: known, received }
      }
      if (received !== undefined) dropFds(native, received)
      return undefined
    })
  }

  /** Undefined: the connection is not taken. */
  #known(frozen: FrozenConnection, services: readonly Service[]): Resumable | undefined {
    const known = resumable(frozen, services)
    const isTooLate =
      known !== undefined && this.#host.drains.isTooLate({ ...frozen, backend: known.backend })
    return isTooLate ? undefined : known
  }

  #decided({ resumable: known, received }: Offer, isTaken: boolean): void {
    if (!isTaken) {
      dropFds(this.#loop.native, received)
      return
    }
    const { connections } = this.#host
    const connection = new ResumedConnection(connections, known, this.#loop, received)
    connections.resume(connection, known.frozen.rates)
  }
}

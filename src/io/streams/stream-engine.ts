/**
 * Listens and dials with node:net, on every platform. It has the interface and the behaviour of the kernel
 * engine. `unavailable` and docs/platforms.md say what Node cannot do: no splice, no round-trip times, no
 * SO_REUSEPORT.
 */

import type { NetConnectOpts, Socket as NetSocket, Server, ServerOpts } from 'node:net'
import * as net from 'node:net'
import { type Address, hostOfSocket, type PeerAddress } from '../../address.js'
import type {
  AcceptHandler,
  Dial,
  DialOutcome,
  Engine,
  HeldSocket,
  Listening,
  ListenOptions,
} from '../engine.js'
import { AcceptPauses } from '../listening/accept-pauses.js'
import type { GivenSockets } from '../listening/given-sockets.js'
import { listenError, removeDeadSocket } from '../listening/listen-errors.js'
import { bindHandle, boundTo, listenOn, type ServerHandle } from '../listening/server-handle.js'
import { bindOwnerOnly, changeSocketFile, isAsked, openSocketFile } from '../listening/socket-file.js'
import { keepNodeAlive, NO_LIVENESS } from '../liveness.js'
import type { NotSplicing } from '../not-splicing.js'
import { RunQueue } from '../run-queue.js'
import { type Expirable, Sweep } from '../sweep.js'
import { ReadMemory, rehouse } from './read-memory.js'
import { StreamSocket } from './stream-socket.js'

/** The parts of node:net that the engine uses. A simulation may replace them. */
export interface NodeNet {
  connect(options: NetConnectOpts): NetSocket
  createServer(options: ServerOpts, accepted: (socket: NetSocket) => void): Server
}

export class StreamEngine implements Engine {
  readonly kind = 'stream'
  readonly unavailable = [
    'splice',
    'round-trip times',
    'shared ports (SO_REUSEPORT)',
    'keepalive.everyMs and count (TCP_KEEPINTVL, TCP_KEEPCNT)',
    'deadPeerMs (TCP_USER_TIMEOUT)',
  ]
  readonly sweep = new Sweep()
  readonly runQueue: RunQueue
  readonly notSplicing: NotSplicing
  readonly net: NodeNet
  readonly #given: GivenSockets | undefined

  constructor(
    notSplicing: NotSplicing,
    runQueue = new RunQueue(),
    given?: GivenSockets,
    nodeNet: NodeNet = net,
  ) {
    this.net = nodeNet
    this.notSplicing = notSplicing
    this.#given = given
    this.runQueue = runQueue
  }

  counts(): undefined {
    return undefined
  }

  limitPipes(): void {}

  async listen(address: Address, options: ListenOptions, handler: AcceptHandler): Promise<Listening> {
    if (this.#given !== undefined)
      return this.#listenOnGiven(this.#given.take(address), address, options, handler)
    const listening = await this.#listenAnew(address, options, handler)
    const { socketFile } = options
    if (isAsked(socketFile)) openSocketFile(address, socketFile, () => listening.close())
    return listening
  }

  /** The socket was bound elsewhere. Only now may it turn out that somebody else listens there. */
  async #listenOnGiven(
    given: ServerHandle,
    address: Address,
    options: ListenOptions,
    handler: AcceptHandler,
  ): Promise<Listening> {
    try {
      return await this.#listen(address, options, handler, given)
    } catch (error) {
      throw listenError(address, (error as NodeJS.ErrnoException).code ?? String(error))
    }
  }

  /** Opens a new socket. If a dead unix socket has the path, replaces it. */
  async #listenAnew(address: Address, options: ListenOptions, handler: AcceptHandler): Promise<Listening> {
    try {
      return await this.#listen(address, options, handler)
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? String(error)
      if (errno !== 'EADDRINUSE' || address.kind !== 'unix' || !(await removeDeadSocket(address))) {
        throw listenError(address, errno)
      }
      return await this.#listen(address, options, handler)
    }
  }

  /** Only binds the socket. It listens when the first process that has it does. */
  async hold(address: Address, { ipv6Only = false, socketFile }: ListenOptions): Promise<HeldSocket> {
    const bind = () => bindHandle(address, ipv6Only)
    const bindAs = () => (isAsked(socketFile) ? bindOwnerOnly(bind) : bind())
    let handle = bindAs()
    if (handle === 'EADDRINUSE' && address.kind === 'unix' && (await removeDeadSocket(address))) {
      handle = bindAs()
    }
    if (typeof handle === 'string') throw listenError(address, handle)
    const held = handle
    if (isAsked(socketFile)) openSocketFile(address, socketFile, () => held.close())
    return { address: boundTo(held, address), handle: held, close: () => held.close() }
  }

  dial(address: Address, connectMs: number, done: (outcome: DialOutcome) => void): Dial {
    return new StreamDial(this, address, connectMs, done)
  }

  #house(socket: NetSocket): StreamSocket {
    const memory = new ReadMemory()
    const housed = rehouse(socket, memory)
    if (housed === undefined) return new StreamSocket(socket, this.runQueue, this.notSplicing)
    return new StreamSocket(housed, this.runQueue, this.notSplicing, memory)
  }

  #listen(
    address: Address,
    options: ListenOptions,
    handler: AcceptHandler,
    given?: ServerHandle,
  ): Promise<Listening> {
    let { liveness = NO_LIVENESS } = options
    const { backlog, ipv6Only = false, socketFile } = options
    // Node's servers cannot leave clients in the kernel's queue.
    const pauses = new AcceptPauses(handler, backlog)
    const server = this.net.createServer(
      { allowHalfOpen: true, pauseOnConnect: true, noDelay: true },
      (socket) => {
        keepNodeAlive(socket, liveness)
        const from = clientAddress(socket, address)
        pauses.accepted(this.#house(socket), from)
      },
    )
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      const listen = () => server.listen({ ...listenTarget(address), backlog, ipv6Only })
      server.once('listening', () => {
        server.off('error', reject)
        server.on('error', (error: NodeJS.ErrnoException) => handler.paused(error.code ?? 'EMFILE'))
        resolve({
          address: boundAddress(server, address),
          update: (next) => {
            liveness = next.liveness ?? NO_LIVENESS
            if (isAsked(next.socketFile)) changeSocketFile(address, next.socketFile)
          },
          pause: (reason) => pauses.pause(reason),
          resume: (reason) => pauses.resume(reason),
          putBack: (client, from) => pauses.putBack(client, from),
          close: () => {
            server.close()
            pauses.close()
          },
        })
      })
      if (given !== undefined) listenOn(server, given, backlog)
      else if (isAsked(socketFile)) bindOwnerOnly(listen)
      else listen()
    })
  }
}

class StreamDial implements Dial, Expirable {
  sweepIndex = -1
  readonly #engine: StreamEngine
  readonly #deadline: number
  readonly #stream: NetSocket
  readonly #memory: ReadMemory
  #done: ((outcome: DialOutcome) => void) | undefined

  constructor(
    engine: StreamEngine,
    address: Address,
    connectMs: number,
    done: (outcome: DialOutcome) => void,
  ) {
    this.#engine = engine
    this.#deadline = connectMs > 0 ? performance.now() + connectMs : Number.POSITIVE_INFINITY
    this.#done = done
    this.#memory = new ReadMemory()
    const target =
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
    const { onread } = this.#memory
    this.#stream = engine.net.connect({ ...target, allowHalfOpen: true, noDelay: true, onread })
    this.#stream.pause()
    this.#stream.once('connect', () => this.#finish(''))
    this.#stream.on('error', (error: NodeJS.ErrnoException) => this.#finish(error.code ?? 'ECONNREFUSED'))
    engine.sweep.add(this, connectMs)
  }

  cancel(): void {
    if (this.#done === undefined) return
    this.#done = undefined
    this.#engine.sweep.delete(this)
    this.#stream.destroy()
  }

  expire(now: number): void {
    if (now >= this.#deadline) this.#finish('ETIMEDOUT')
  }

  #finish(errno: string): void {
    const done = this.#done
    if (done === undefined) return
    this.#done = undefined
    this.#engine.sweep.delete(this)
    if (errno === '') {
      done({
        socket: new StreamSocket(this.#stream, this.#engine.runQueue, this.#engine.notSplicing, this.#memory),
        errno,
      })
      return
    }
    this.#stream.destroy()
    done({ socket: undefined, errno })
  }
}

function listenTarget(address: Address): { path: string } | { host: string; port: number } {
  return address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
}

function boundAddress(server: Server, asked: Address): Address {
  const bound = server.address()
  if (asked.kind === 'unix' || bound === null || typeof bound === 'string') return asked
  return { ...asked, port: bound.port }
}

/** A unix client has no address of its own. */
function clientAddress(socket: NetSocket, listener: Address): PeerAddress {
  if (listener.kind === 'unix') return { kind: 'unix', path: '' }
  // A client that has already reset the connection has no address any more.
  if (socket.remoteAddress === undefined) return undefined
  return { kind: 'tcp', host: hostOfSocket(socket.remoteAddress), port: socket.remotePort ?? 0 }
}

/**
 * Listens and dials with node:net, on every platform. It has the interface and the behaviour of the kernel
 * engine. `unavailable` and docs/platforms.md say what Node cannot do: no splice, no round-trip times, no
 * SO_REUSEPORT.
 */

import type { NetConnectOpts, Socket as NetSocket, Server, ServerOpts } from 'node:net'
import * as net from 'node:net'
import { type Address, hostOfSocket } from '../../address.js'
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
import type { Given, SocketSource } from '../listening/given-sockets.js'
import { heldSocket } from '../listening/held-socket.js'
import { listenError, removeDeadSocket } from '../listening/listen-errors.js'
import { bindHandle, type ServerHandle } from '../listening/server-handle.js'
import { bindOwnerOnly, hasFile, isAsked, keepFile, openSocketFile } from '../listening/socket-file.js'
import type { NotSplicing } from '../not-splicing.js'
import { RunQueue } from '../run-queue.js'
import type { DialSetup } from '../socket-options.js'
import { type Expirable, Sweep } from '../sweep.js'
import { ReadMemory, rehouse } from './read-memory.js'
import { StreamListening, type StreamListeningHost } from './stream-listening.js'
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
  readonly #given: SocketSource | undefined

  constructor(
    notSplicing: NotSplicing,
    runQueue = new RunQueue(),
    given?: SocketSource,
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
    const given = this.#given?.take(address)
    if (given !== undefined) return this.#listenOnGiven(given, address, options, handler)
    const listening = await this.#listenAnew(address, options, handler)
    const { socketFile } = options
    if (isAsked(socketFile)) openSocketFile(address, socketFile, () => listening.close())
    return listening
  }

  /** The socket was bound elsewhere. Only now may it turn out that somebody else listens there. */
  async #listenOnGiven(
    given: Given,
    address: Address,
    options: ListenOptions,
    handler: AcceptHandler,
  ): Promise<Listening> {
    const listening = this.#listening(address, options, handler)
    try {
      await listening.listenOn(given)
      return listening
    } catch (error) {
      throw listenError(address, (error as NodeJS.ErrnoException).code ?? String(error))
    }
  }

  /** Opens a new socket. If a dead unix socket has the path, replaces it. */
  async #listenAnew(address: Address, options: ListenOptions, handler: AcceptHandler): Promise<Listening> {
    const listening = this.#listening(address, options, handler)
    try {
      await listening.listen()
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? String(error)
      if (errno !== 'EADDRINUSE' || address.kind !== 'unix' || !(await removeDeadSocket(address))) {
        throw listenError(address, errno)
      }
      await listening.listen()
    }
    return listening
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
    const held = this.#hold(handle, address)
    if (isAsked(socketFile)) openSocketFile(address, socketFile, () => held.close())
    return held
  }

  #hold(handle: ServerHandle, address: Address): HeldSocket {
    const held = heldSocket(handle, address)
    return hasFile(address) ? { ...held, leave: () => keepFile(address, () => handle.close()) } : held
  }

  /** Of `setup`, Node can only set the address. */
  dial(address: Address, connectMs: number, done: (outcome: DialOutcome) => void, setup?: DialSetup): Dial {
    return new StreamDial(this, targetOf(address, setup?.source?.host), connectMs, done, setup?.began)
  }

  #house(socket: NetSocket): StreamSocket {
    const memory = new ReadMemory()
    const housed = rehouse(socket, memory)
    if (housed === undefined) return new StreamSocket(socket, this.runQueue, this.notSplicing)
    return new StreamSocket(housed, this.runQueue, this.notSplicing, memory)
  }

  #listening(address: Address, options: ListenOptions, handler: AcceptHandler): StreamListening {
    const pauses = new AcceptPauses(handler, options.backlog, options.pausedFor)
    const host: StreamListeningHost = {
      createServer: (accepted) =>
        this.net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, accepted),
      house: (socket) => this.#house(socket),
    }
    return new StreamListening(host, address, options, pauses)
  }
}

function targetOf(address: Address, localAddress: string | undefined): NetConnectOpts {
  if (address.kind === 'unix') return { path: address.path }
  return { host: address.host, port: address.port, ...(localAddress !== undefined && { localAddress }) }
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
    target: NetConnectOpts,
    connectMs: number,
    done: (outcome: DialOutcome) => void,
    began?: DialSetup['began'],
  ) {
    this.#engine = engine
    this.#deadline = connectMs > 0 ? performance.now() + connectMs : Number.POSITIVE_INFINITY
    this.#done = done
    this.#memory = new ReadMemory()
    const { onread } = this.#memory
    this.#stream = engine.net.connect({ ...target, allowHalfOpen: true, noDelay: true, onread })
    this.#stream.pause()
    this.#stream.once('connect', () => this.#finish(''))
    this.#stream.on('error', (error: NodeJS.ErrnoException) => this.#finish(error.code ?? 'ECONNREFUSED'))
    engine.sweep.add(this, connectMs)
    if (began !== undefined) process.nextTick(() => this.#tell(began))
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

  /** Node has begun to connect in the tick before this one. */
  #tell(began: (from: Address) => void): void {
    const { localAddress: host, localPort: port } = this.#stream
    if (host !== undefined && port !== undefined) began({ kind: 'tcp', host: hostOfSocket(host), port })
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

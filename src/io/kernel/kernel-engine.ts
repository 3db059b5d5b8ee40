/**
 * Listens and dials on file descriptors of our own: no net.Socket, no libuv handle, no stream object per
 * connection. One event loop per thread serves every kernel engine of that thread.
 */
import type { Address } from '../../address.js'
import type {
  AcceptHandler,
  Dial,
  DialOutcome,
  Engine,
  HeldSocket,
  Listening,
  ListenOptions,
  PipeLimits,
} from '../engine.js'
import { AcceptPauses } from '../listening/accept-pauses.js'
import type { Given, SocketSource } from '../listening/given-sockets.js'
import { heldSocket } from '../listening/held-socket.js'
import { listenError, removeDeadSocket } from '../listening/listen-errors.js'
import { handleOf } from '../listening/server-handle.js'
import { bindOwnerOnly, isAsked, openSocketFile } from '../listening/socket-file.js'
import { livenessArguments, NO_LIVENESS } from '../liveness.js'
import type { NotSplicing } from '../not-splicing.js'
import type { RunQueue } from '../run-queue.js'
import { type Runnable, WRITABLE } from '../socket.js'
import { type DialSetup, optionArguments } from '../socket-options.js'
import { type Expirable, Sweep } from '../sweep.js'
import { FdListener } from './fd-listener.js'
import { FdSocket } from './fd-socket.js'
import { GivenListener } from './given-listener.js'
import type { KernelLoop } from './kernel-loop.js'
import { errnoName, type Native, type NativeCounts } from './native.js'
import { NO_SOCKET } from './native-constants.js'
import { connectAs, placeOf, withSocket } from './socket-setup.js'

export class KernelEngine implements Engine {
  readonly kind = 'kernel'
  readonly unavailable = []
  readonly sweep = new Sweep()
  readonly runQueue: RunQueue
  readonly #loop: KernelLoop
  readonly #given: SocketSource | undefined

  constructor(loop: KernelLoop, given?: SocketSource) {
    this.#loop = loop
    this.#given = given
    this.runQueue = loop.runQueue
  }

  get loop(): KernelLoop {
    return this.#loop
  }

  get notSplicing(): NotSplicing | undefined {
    return this.#loop.refusal
  }

  counts(): NativeCounts {
    return this.#loop.native.count()
  }

  limitPipes(limits: PipeLimits): void {
    this.#loop.limitPipes(limits)
  }

  async listen(address: Address, options: ListenOptions, handler: AcceptHandler): Promise<Listening> {
    const pauses = new AcceptPauses(handler, options.backlog, options.pausedFor)
    const given = this.#given?.take(address)
    if (given !== undefined) return this.#listenOnGiven(given, address, options, pauses)
    const { socket } = options
    return new FdListener(this.#loop, await this.#open(address, options), address, pauses, { socket })
  }

  async hold(address: Address, options: ListenOptions): Promise<HeldSocket> {
    const fd = await this.#open(address, options)
    const handle = handleOf(fd)
    if (typeof handle === 'string') {
      this.#loop.native.close(fd)
      throw listenError(address, handle)
    }
    this.#loop.native.release(fd)
    return heldSocket(handle, address)
  }

  #listenOnGiven(
    given: Given,
    address: Address,
    { liveness, socket, socketFile, pausedFor }: ListenOptions,
    pauses: AcceptPauses,
  ): Listening {
    const closed = (): void => this.#given?.setBorrower(address, undefined)
    // In an upgrade another process accepts there. What the config says of the sockets is set when its successor accepts.
    const isLater = pausedFor === 'upgrade'
    const listener = new GivenListener(
      this.#loop,
      given,
      address,
      pauses,
      closed,
      isLater ? socket : undefined,
    )
    // The socket may have been opened with other options: before a reload, or by another process, which has chosen the backlog.
    if (!isLater) listener.update({ liveness, socket, socketFile: given.ownsFile ? socketFile : undefined })
    this.#given?.setBorrower(address, listener)
    return listener
  }

  async #open(address: Address, options: ListenOptions): Promise<number> {
    let fd = this.#listen(address, options)
    const isTaken = fd < 0 && errnoName(fd) === 'EADDRINUSE'
    if (isTaken && address.kind === 'unix' && (await removeDeadSocket(address))) {
      fd = this.#listen(address, options)
    }
    if (fd < 0) throw listenError(address, errnoName(fd))
    const { socketFile } = options
    if (isAsked(socketFile)) openSocketFile(address, socketFile, () => this.#loop.native.close(fd))
    return fd
  }

  dial(address: Address, connectMs: number, done: (outcome: DialOutcome) => void, setup?: DialSetup): Dial {
    return new FdDial(this.#loop, this.sweep, { address, connectMs, setup }, done)
  }

  #listen(address: Address, options: ListenOptions): number {
    const { native } = this.#loop
    const { socket } = options
    if (socket !== undefined && address.kind === 'tcp')
      return withSocket(native, placeOf(address), (fd) => {
        const error = native.setOptions(fd, ...optionArguments(socket))
        return error < 0 ? error : listenAt(native, address, options, fd)
      })
    const listen = () => listenAt(native, address, options, NO_SOCKET)
    return isAsked(options.socketFile) ? bindOwnerOnly(listen) : listen()
  }
}

function listenAt(native: Native, address: Address, options: ListenOptions, opened: number): number {
  const { backlog, sharePort, ipv6Only = false, liveness = NO_LIVENESS } = options
  const how = [backlog, sharePort, ipv6Only, ...livenessArguments(liveness)] as const
  return native.listen(...placeOf(address), ...how, opened)
}

interface Connecting {
  readonly address: Address
  readonly connectMs: number
  readonly setup: DialSetup | undefined
}

/**
 * A connect in progress. EPOLLOUT, EPOLLERR and EPOLLHUP may come together. The socket then has asked for
 * SO_ERROR, and that decides.
 */
class FdDial implements Dial, Runnable, Expirable {
  isQueued = false
  sweepIndex = -1
  readonly #loop: KernelLoop
  readonly #sweep: Sweep
  readonly #deadline: number
  #done: ((outcome: DialOutcome) => void) | undefined
  #socket: FdSocket | undefined
  #errno = ''

  constructor(
    loop: KernelLoop,
    sweep: Sweep,
    { address, connectMs, setup }: Connecting,
    done: (outcome: DialOutcome) => void,
  ) {
    this.#loop = loop
    this.#sweep = sweep
    this.#deadline = connectMs > 0 ? performance.now() + connectMs : Number.POSITIVE_INFINITY
    this.#done = done
    this.#start(address, setup)
    if (this.#errno !== '') queueMicrotask(() => this.#finish())
    else sweep.add(this, connectMs)
  }

  cancel(): void {
    if (this.#done === undefined) return
    this.#done = undefined
    this.#sweep.delete(this)
    this.#socket?.reset()
  }

  run(): void {
    const socket = this.#socket!
    if ((socket.ready & WRITABLE) === 0 || this.#done === undefined) return
    this.#errno = socket.error ?? ''
    this.#finish()
  }

  expire(now: number): void {
    if (now < this.#deadline) return
    this.#errno = 'ETIMEDOUT'
    this.#finish()
  }

  #start(address: Address, setup: DialSetup | undefined): void {
    const generation = this.#loop.nextGeneration()
    const fd = this.#connect(address, generation, setup)
    if (fd < 0) {
      this.#errno = errnoName(fd)
      return
    }
    this.#socket = new FdSocket(this.#loop, fd, generation)
    this.#socket.owner = this
    if (setup?.began === undefined) return
    const from = this.#socket.localAddress()
    if (from !== undefined) setup.began(from)
  }

  /** Connects. Idle kernel pipes are fds too. If fds are short, it closes them and tries again. */
  #connect(address: Address, generation: number, setup: DialSetup | undefined): number {
    const { native } = this.#loop
    const fd = connectAs(native, address, generation, setup)
    if (fd >= 0 || errnoName(fd) !== 'EMFILE') return fd
    native.trimPipes(0)
    return connectAs(native, address, generation, setup)
  }

  #finish(): void {
    const done = this.#done
    if (done === undefined) return
    this.#done = undefined
    this.#sweep.delete(this)
    if (this.#errno !== '') {
      this.#socket?.close()
      done({ socket: undefined, errno: this.#errno })
      return
    }
    this.#socket!.owner = undefined
    done({ socket: this.#socket, errno: '' })
  }
}

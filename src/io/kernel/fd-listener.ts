/**
 * A listening fd. It accepts in small batches. If the system is out of fds, it pauses instead of spinning
 * (accept-pauses.ts).
 */
import { isDeepStrictEqual } from 'node:util'
import { type Address, isAbstract, type PeerAddress, unpackPeer } from '../../address.js'
import { SHORTAGES } from '../../errors.js'
import type { ListenChanges, Listening, PauseReason } from '../engine.js'
import type { AcceptPauses, Pausable } from '../listening/accept-pauses.js'
import { listenError, removeSocketFile } from '../listening/listen-errors.js'
import { changeSocketFile, isAsked } from '../listening/socket-file.js'
import { livenessArguments, NO_LIVENESS } from '../liveness.js'
import type { Runnable, Socket } from '../socket.js'
import type { SocketOptions } from '../socket-options.js'
import { FdSocket } from './fd-socket.js'
import type { KernelLoop, Watched } from './kernel-loop.js'
import { errnoName } from './native.js'
import { changeOptions } from './socket-setup.js'

/** Clients accepted per turn, so that a storm of clients does not delay those already here. */
const ACCEPT_BATCH = 32
/** After these errors of accept(2) the next client may be fine. This one is gone, or a filter refused it. */
const GO_ON = new Set([
  'ECONNABORTED',
  'EPROTO',
  'EPERM',
  'ENOPROTOOPT',
  'EHOSTDOWN',
  'ENONET',
  'EHOSTUNREACH',
])
/** Resources that idle kernel pipes take too. Pipes need no epoll watches (ENOSPC). */
const TAKEN_BY_PIPES = new Set([...SHORTAGES].filter((errno) => errno !== 'ENOSPC'))

export class FdListener implements Listening, Pausable, Watched, Runnable {
  readonly address: Address
  fd: number
  readonly generation: number
  isQueued = false
  readonly #loop: KernelLoop
  readonly #pauses: AcceptPauses
  readonly #ownsFile: boolean
  /** Those that it was given. */
  #options: SocketOptions | undefined

  /**
   * A listener's sockets share `pauses`. `ownsFile`: whether `close` removes the file of a unix socket. `socket`: the options that it has.
   */
  constructor(
    loop: KernelLoop,
    fd: number,
    asked: Address,
    pauses: AcceptPauses,
    { ownsFile = true, socket }: { ownsFile?: boolean; socket?: SocketOptions | undefined } = {},
  ) {
    this.#options = socket
    this.#ownsFile = ownsFile
    this.#loop = loop
    this.fd = fd
    this.#pauses = pauses
    this.generation = loop.nextGeneration()
    this.address = asked.kind === 'tcp' ? { ...asked, port: portOf(loop, fd) ?? asked.port } : asked
    const errno = pauses.add(this)
    if (errno === '') return
    this.close()
    throw listenError(asked, errno)
  }

  get fds(): readonly number[] {
    return this.fd < 0 ? [] : [this.fd]
  }

  notify(): void {
    this.#loop.runQueue.add(this)
  }

  /** A listener has no bytes to copy. */
  carried(): void {}

  run(): void {
    for (let i = 0; i < ACCEPT_BATCH && this.fd >= 0 && this.#pauses.isAccepting; i++) {
      const generation = this.#loop.nextGeneration()
      const fd = this.#next(generation)
      if (fd >= 0) this.#pauses.accepted(new FdSocket(this.#loop, fd, generation), this.#loop.shownPeer)
      else if (!this.#goOnAfter(errnoName(fd))) return
    }
  }

  /** Accepted sockets inherit liveness and options. A service manager may have set options of which the config says nothing. */
  update({ liveness = NO_LIVENESS, socket, backlog, socketFile }: ListenChanges): void {
    if (this.fd < 0) return
    const { native } = this.#loop
    native.setLiveness(this.fd, ...livenessArguments(liveness))
    if (backlog !== undefined) native.setBacklog(this.fd, backlog)
    if (isAsked(socketFile)) changeSocketFile(this.address, socketFile)
    const before = this.#options
    if (this.address.kind === 'unix' || isDeepStrictEqual(before, socket)) return
    this.#options = socket
    const error = changeOptions(native, this.fd, before, socket ?? {})
    if (error < 0) throw listenError(this.address, errnoName(error))
  }

  pause(reason: PauseReason): void {
    this.#pauses.pause(reason)
  }

  resume(reason: PauseReason): void {
    this.#pauses.resume(reason)
  }

  putBack(client: Socket, from: PeerAddress): void {
    this.#pauses.putBack(client, from)
  }

  stopAccepting(): void {
    this.#loop.native.unwatch(this.fd)
  }

  /** Clients that wait in the kernel's queue cause an event in the next batch. */
  startAccepting(): string {
    this.#loop.forget(this)
    const error = this.#loop.watch(this, true)
    return error < 0 ? errnoName(error) : ''
  }

  close(): void {
    const wasOpen = this.fd >= 0
    this.#closeFd()
    if (wasOpen && this.#ownsFile && this.address.kind === 'unix' && !isAbstract(this.address)) {
      removeSocketFile(this.address.path)
    }
    this.#pauses.delete(this)
  }

  leave(): Promise<void> {
    this.#closeFd()
    return this.#pauses.leave()
  }

  #closeFd(): void {
    if (this.fd < 0) return
    this.#loop.forget(this)
    // If another process has the socket too, its events would go on coming after the close.
    this.#loop.native.unwatch(this.fd)
    this.#loop.native.close(this.fd)
    this.fd = -1
  }

  /** Accepts a client. Idle kernel pipes are fds too. If fds are short, it closes them and tries again. */
  #next(generation: number): number {
    const { native } = this.#loop
    const fd = native.accept(this.fd, generation)
    if (fd >= 0 || !TAKEN_BY_PIPES.has(errnoName(fd))) return fd
    native.trimPipes(0)
    return native.accept(this.fd, generation)
  }

  /**
   * Whether to accept the next client. After any unknown error the listener must pause: epoll would report it
   * again at once, for ever.
   */
  #goOnAfter(errno: string): boolean {
    if (errno === 'EAGAIN') return false
    if (GO_ON.has(errno)) this.#pauses.handler.failed?.(errno)
    else this.#pauses.pauseForShortage(errno)
    return GO_ON.has(errno)
  }
}

/** Takes only the port from the kernel, which does not tell the zone of a link-local host. */
function portOf(loop: KernelLoop, fd: number): number | undefined {
  const shown = loop.native.localAddress(fd) < 0 ? undefined : unpackPeer(loop.shownPeer)
  return shown?.kind === 'tcp' ? shown.port : undefined
}

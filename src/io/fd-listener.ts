/**
 * A listening fd. It accepts in small batches, and pauses instead of spinning when the system is out of fds.
 */
import { type Address, isAbstract, unpackPeer } from '../address.js'
import { SHORTAGES } from '../errors.js'
import type { AcceptHandler, Listening, ListenOptions } from './engine.js'
import { FdSocket } from './fd-socket.js'
import type { KernelLoop, Watched } from './kernel-loop.js'
import { listenError, removeSocketFile } from './listen-errors.js'
import { livenessArguments, NO_LIVENESS } from './liveness.js'
import { errnoName } from './native.js'
import type { Runnable } from './socket.js'
import { changeSocketFile, isAsked } from './socket-file.js'

/** Accepted per turn, so that a storm of clients does not delay those already here. */
const ACCEPT_BATCH = 32
/** Out of fds, memory or watches of epoll: accept nothing for this long (ms). */
const PAUSE_MS = 100
/** accept(2): the connection is gone or refused by a filter; the next one may be fine. */
const GO_ON = new Set([
  'ECONNABORTED',
  'EPROTO',
  'EPERM',
  'ENOPROTOOPT',
  'EHOSTDOWN',
  'ENONET',
  'EHOSTUNREACH',
])
/** What idle kernel pipes take, too: watches of epoll they need none. */
const TAKEN_BY_PIPES = new Set([...SHORTAGES].filter((errno) => errno !== 'ENOSPC'))

export class FdListener implements Listening, Watched, Runnable {
  readonly address: Address
  fd: number
  readonly generation: number
  isQueued = false
  readonly #loop: KernelLoop
  readonly #handler: AcceptHandler
  readonly #ownsFile: boolean
  #resume: NodeJS.Timeout | undefined

  /** `ownsFile`: whether the file of a unix socket is removed when it closes. */
  constructor(
    loop: KernelLoop,
    fd: number,
    asked: Address,
    handler: AcceptHandler,
    { ownsFile } = { ownsFile: true },
  ) {
    this.#ownsFile = ownsFile
    this.#loop = loop
    this.fd = fd
    this.#handler = handler
    this.generation = loop.nextGeneration()
    this.address = asked.kind === 'tcp' ? { ...asked, port: portOf(loop, fd) ?? asked.port } : asked
    const error = loop.watch(this, true)
    if (error === 0) return
    this.close()
    throw listenError(asked, errnoName(error))
  }

  notify(): void {
    this.#loop.turns.add(this)
  }

  /** A listener has no orders. */
  carried(): void {}

  run(): void {
    for (let i = 0; i < ACCEPT_BATCH && this.fd >= 0; i++) {
      const generation = this.#loop.nextGeneration()
      const fd = this.#next(generation)
      if (fd >= 0) this.#handler.accepted(new FdSocket(this.#loop, fd, generation), this.#loop.shownPeer)
      else if (!this.#goOnAfter(errnoName(fd))) return
    }
  }

  /** Accepted sockets inherit the liveness. */
  update({ liveness = NO_LIVENESS, socketFile }: Pick<ListenOptions, 'liveness' | 'socketFile'>): void {
    if (this.fd < 0) return
    this.#loop.native.setLiveness(this.fd, ...livenessArguments(liveness))
    if (isAsked(socketFile)) changeSocketFile(this.address, socketFile)
  }

  close(): void {
    clearTimeout(this.#resume)
    if (this.fd < 0) return
    this.#loop.forget(this)
    // Where another process has it too, its events would go on coming after the close.
    this.#loop.native.unwatch(this.fd)
    this.#loop.native.close(this.fd)
    this.fd = -1
    if (this.#ownsFile && this.address.kind === 'unix' && !isAbstract(this.address)) {
      removeSocketFile(this.address.path)
    }
  }

  /** Idle kernel pipes are fds, too: they are given up first. */
  #next(generation: number): number {
    const { native } = this.#loop
    const fd = native.accept(this.fd, generation)
    if (fd >= 0 || !TAKEN_BY_PIPES.has(errnoName(fd))) return fd
    native.trimPipes(0)
    return native.accept(this.fd, generation)
  }

  /** Whatever it is that keeps us from accepting: epoll would report the listener again at once, and for ever. */
  #goOnAfter(errno: string): boolean {
    if (errno === 'EAGAIN') return false
    if (GO_ON.has(errno)) this.#handler.failed?.(errno)
    else this.#pause(errno)
    return GO_ON.has(errno)
  }

  #pause(errno: string): void {
    this.#loop.native.unwatch(this.fd)
    this.#resume = setTimeout(() => {
      this.#loop.forget(this)
      if (this.#loop.watch(this, true) < 0) this.#pause(errno)
    }, PAUSE_MS)
    this.#handler.paused(errno)
  }
}

/** Only the port is the kernel's to choose: it does not tell the zone of a link-local host. */
function portOf(loop: KernelLoop, fd: number): number | undefined {
  const shown = loop.native.localAddress(fd) < 0 ? undefined : unpackPeer(loop.shownPeer)
  return shown?.kind === 'tcp' ? shown.port : undefined
}

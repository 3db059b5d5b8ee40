/**
 * Messages between two processes of millrace, with open fds in them. A path in a private folder stands for one process. Each message
 * arrives whole, in order and at most once. It knows nothing of what the messages mean.
 */
import { removeSocketFile } from '../listening/listen-errors.js'
import type { Runnable } from '../socket.js'
import type { KernelLoop, Watched } from './kernel-loop.js'
import { errnoName } from './native.js'
import { MESSAGE_FDS, MOST_FDS_PER_MESSAGE } from './native-constants.js'

export interface MessageHandler {
  /** `bytes` are valid until it returns. The fds belong to the handler. */
  message(bytes: Buffer, fds: readonly number[]): void
  /** No message comes any more: the other side is gone, or a message could not be received. Called once. */
  closed(): void
}

/** After so many messages in a row, others get their turn. */
const MESSAGES_PER_RUN = 16

/** The fds of one message. The addon writes here. */
const fdsOfMessage = new Int32Array(new ArrayBuffer(MOST_FDS_PER_MESSAGE * 4))

export class MessageSocket implements Watched, Runnable {
  isQueued = false
  fd: number
  readonly generation: number
  readonly #loop: KernelLoop
  handler: MessageHandler | undefined

  constructor(loop: KernelLoop, fd: number, generation: number) {
    this.#loop = loop
    this.fd = fd
    this.generation = generation
    loop.attach(this)
  }

  /** Returns the errno name if it cannot connect. */
  static connect(loop: KernelLoop, path: string): MessageSocket | string {
    const generation = loop.nextGeneration()
    const fd = loop.native.connectForMessages(path, generation)
    return fd < 0 ? errnoName(fd) : new MessageSocket(loop, fd, generation)
  }

  notify(): void {
    this.#loop.runQueue.add(this)
  }

  /** It has no bytes to copy. */
  carried(): void {}

  run(): void {
    for (let count = 0; count < MESSAGES_PER_RUN; count++) {
      if (this.fd < 0 || this.handler === undefined || !this.receive(this.handler)) return
    }
    this.#loop.runQueue.add(this)
  }

  /** Returns '', or the errno name. `EAGAIN`: the other side has not taken earlier messages. */
  send(bytes: Buffer, fds: readonly number[] = []): string {
    if (this.fd < 0) return 'EPIPE'
    fdsOfMessage.set(fds)
    return errnoName(Math.min(0, this.#loop.native.sendFds(this.fd, bytes, fdsOfMessage, fds.length)))
  }

  /** Passes the next message on. False if none has come. */
  receive(handler: MessageHandler): boolean {
    const { native, outcome, scratch } = this.#loop
    const bytes = native.receiveFds(this.fd, fdsOfMessage)
    if (bytes > 0) {
      handler.message(scratch.subarray(0, bytes), [...fdsOfMessage.subarray(0, outcome[MESSAGE_FDS]!)])
      return true
    }
    if (bytes < 0 && errnoName(bytes) === 'EAGAIN') return false
    this.close()
    handler.closed()
    return false
  }

  /** From here on the other side cannot send. What it has sent before can still be received. */
  end(): void {
    if (this.fd >= 0) this.#loop.native.endMessages(this.fd)
  }

  close(): void {
    if (this.fd < 0) return
    this.#loop.forget(this)
    this.#loop.native.close(this.fd)
    this.fd = -1
  }
}

/** Waits for other processes at a path. */
export class MessageListener implements Watched, Runnable {
  isQueued = false
  fd: number
  readonly generation: number
  readonly #loop: KernelLoop
  readonly #path: string
  readonly #accepted: (socket: MessageSocket) => void

  private constructor(loop: KernelLoop, fd: number, path: string, accepted: (socket: MessageSocket) => void) {
    this.#loop = loop
    this.#path = path
    this.fd = fd
    this.generation = loop.nextGeneration()
    this.#accepted = accepted
  }

  /** Returns the errno name if it cannot listen. */
  static listen(
    loop: KernelLoop,
    path: string,
    accepted: (socket: MessageSocket) => void,
  ): MessageListener | string {
    const fd = loop.native.listenForMessages(path)
    if (fd < 0) return errnoName(fd)
    const listener = new MessageListener(loop, fd, path, accepted)
    const error = loop.watch(listener, true)
    if (error === 0) return listener
    loop.native.close(fd)
    return errnoName(error)
  }

  notify(): void {
    this.#loop.runQueue.add(this)
  }

  carried(): void {}

  /** An error would come again and again, so it closes the listener. */
  run(): void {
    if (this.fd < 0) return
    const generation = this.#loop.nextGeneration()
    const fd = this.#loop.native.accept(this.fd, generation)
    if (fd >= 0) this.#accepted(new MessageSocket(this.#loop, fd, generation))
    else if (errnoName(fd) !== 'EAGAIN') this.close()
  }

  close(): void {
    if (this.fd < 0) return
    this.#loop.forget(this)
    this.#loop.native.close(this.fd)
    this.fd = -1
    removeSocketFile(this.#path)
  }
}

/**
 * The kernel as the addon of one process sees it: file descriptors, and the system calls on them. Each call returns >= 0
 * or -errno. Before each call the network may bring something, so an answer is true only for the time of its call.
 */
import type { Random } from '../random.js'
import type { AcceptQueue } from './accept-queue.js'
import { Epoll, type Report } from './epoll.js'
import * as e from './errnos.js'
import { FdTable, type File } from './fd-table.js'
import { KernelPipe, PipeQuota } from './kernel-pipe.js'
import { ListenSocket } from './listen-socket.js'
import { type FarEnd, Machine, nameOf, type Server } from './machine.js'
import { MessageListener, MessageSocket, PipeEnd, type Sent } from './message-socket.js'
import type { Network, Pending } from './network.js'
import { type Buffers, OneWay } from './one-way.js'
import { type TcpPeer, TcpSocket } from './tcp-socket.js'
import { NAMELESS, UNIX_PORT, unixConnection } from './unix-socket.js'

/** What the kernel is short of at present. */
interface Shortage {
  /** The most fds that may be open. */
  fds: number
  /** The part of the calls that fail with ENOMEM or ENOBUFS. */
  memory: number
  /** Whether no further file can be watched (max_user_watches). */
  watches: boolean
}

export interface KernelOptions {
  readonly buffers: Buffers
  /** pipe-user-pages-soft. 0 means no quota. */
  readonly quotaPages: number
  /** The errno with which every splice(2) fails. 0 means that splice works. */
  readonly spliceErrno: number
}

/** A kernel pipe, and the fds of its read and its write end. */
export interface OpenPipe {
  readonly pipe: KernelPipe
  readonly fds: readonly [read: number, write: number]
}

/** In a restless network, the part of the calls before which something arrives. */
const STIR_PART = 0.2
/** The usual RLIMIT_NOFILE. */
export const MOST_FDS = 20_000

export const NO_SHORTAGE: Readonly<Shortage> = { fds: MOST_FDS, memory: 0, watches: false }

export class Kernel {
  readonly epoll = new Epoll()
  readonly shortage: Shortage = { ...NO_SHORTAGE }
  /** Decides everything during the present step of the story. */
  random: Random
  /** Whether something may happen between two calls, and events may come late. */
  isRestless = true
  readonly machine: Machine
  readonly #options: KernelOptions
  readonly #quota: PipeQuota
  readonly #fds = new FdTable()
  readonly #pending = new Map<TcpSocket, Pending>()

  /** `machine` is what this process shares with others. By default it shares nothing. */
  constructor(random: Random, options: KernelOptions, machine = new Machine()) {
    this.random = random
    this.machine = machine
    this.#options = options
    this.#quota = new PipeQuota(options.quotaPages)
  }

  get network(): Network {
    return this.machine.network
  }

  get servers(): Map<string, Server> {
    return this.machine.servers
  }

  get openFds(): number {
    return this.#fds.openFds
  }

  /** A client from outside connects. Undefined if nobody listens there or the queue is full. */
  connectFrom(from: TcpPeer, to: TcpPeer): FarEnd | undefined {
    const queues = this.machine.queuesAt(to)
    if (queues.length === 0) return undefined
    const queue = queues.length === 1 ? queues[0]! : this.random.pick(queues)
    const [socket, far] = this.#connection(queue.local, to.port === UNIX_PORT ? NAMELESS : from)
    socket.connected()
    return queue.add(socket) ? far : undefined
  }

  listen(host: string, port: number, backlog: number, isShared = false): number {
    const local = { host, port: port === 0 ? this.machine.nextPort() : port }
    const queue = this.machine.listen(local, backlog, isShared)
    return typeof queue === 'number' ? queue : this.share(queue)
  }

  /** Opens another fd of a listening socket. */
  share(queue: AcceptQueue): number {
    const listener = new ListenSocket(this.epoll, queue)
    const fd = this.open(listener)
    if (fd < 0) listener.close()
    return fd
  }

  /** The queue of a listening fd. Undefined if the fd does not listen. */
  queueOf(fd: number): AcceptQueue | undefined {
    const file = this.#fds.at(fd)
    return file instanceof ListenSocket ? file.queue : undefined
  }

  /** accept4(2). Returns the fd and the client's address. */
  accept(listener: number): [fd: number, peer: TcpPeer | undefined] {
    this.#stir()
    const file = this.#fds.at(listener)
    if (file instanceof MessageListener) return [this.#acceptMessages(file), NAMELESS]
    if (!(file instanceof ListenSocket)) return [-e.EBADF, undefined]
    // The kernel looks for a free fd first. Without one the caller cannot know whether a client waits.
    if (this.openFds >= this.shortage.fds) return [-e.EMFILE, undefined]
    const socket = file.queue.next
    if (socket === undefined) return [-e.EAGAIN, undefined]
    if (this.#isShortOfMemory()) return [-this.random.pick([e.ENOMEM, e.ENOBUFS]), undefined]
    file.queue.accept()
    socket.epoll = this.epoll
    return [this.open(socket), socket.remote]
  }

  /** socket(2) and connect(2). */
  connect(host: string, port: number): number {
    this.#stir()
    const server = this.servers.get(nameOf({ host, port }))
    if (this.#isShortOfMemory()) return -this.random.pick([e.ENOMEM, e.ENOBUFS])
    const refusal = server?.refuseAtOnce() ?? 0
    if (refusal < 0) return refusal
    if (port === UNIX_PORT) return this.#connectUnix(host, server)
    const local = { host: '10.9.9.9', port: this.machine.nextPort() }
    const [socket, far] = this.#connection(local, { host, port })
    const fd = this.open(socket)
    if (fd < 0) return fd
    const pending = { settle: () => this.#settle(socket, server, far) }
    this.#pending.set(socket, pending)
    this.network.ask(pending)
    if (this.isRestless && this.random.chance(0.3) && pending.settle()) this.network.withdraw(pending)
    return fd
  }

  watch(fd: number, interest: number, generation: number, isEdge: boolean): number {
    const file = this.#fds.at(fd)
    if (file === undefined) return -e.EBADF
    if (this.shortage.watches) return -e.ENOSPC
    if (file instanceof PipeEnd) return -e.EPERM
    if (file instanceof TcpSocket) file.epoll = this.epoll
    return this.epoll.add(fd, file, interest, generation, isEdge)
  }

  unwatch(fd: number): number {
    const file = this.#fds.at(fd)
    return file === undefined || file instanceof PipeEnd ? -e.EBADF : this.epoll.delete(file)
  }

  changeWatch(fd: number, interest: number, generation: number, isSilent: boolean): number {
    this.#stir()
    const file = this.#fds.at(fd)
    if (file === undefined || file instanceof PipeEnd) return -e.EBADF
    return this.epoll.modify(file, interest, generation, isSilent)
  }

  wait(most: number): Report[] {
    this.#stir()
    return this.epoll.wait(most, () => this.isRestless && this.random.chance(0.1))
  }

  receive(fd: number, into: Buffer, isPeek: boolean): number {
    return this.#call(fd, (socket) => socket.receive(into, isPeek), false)
  }

  send(fd: number, bytes: Buffer): number {
    return this.#call(fd, (socket) => socket.send(bytes))
  }

  /** splice(2) from a socket into a pipe. It may bring in fewer bytes than there are. */
  spliceIn(fd: number, pipe: KernelPipe, most: number): number {
    return this.#call(fd, (socket) => {
      if (this.#options.spliceErrno !== 0) return -this.#options.spliceErrno
      const room = Math.min(most, pipe.roomFor(this.random))
      if (room === 0) return -e.EAGAIN
      const wanted = this.isRestless && this.random.chance(0.2) ? this.random.size(room) : room
      const bytes = socket.spliceOff(wanted)
      if (typeof bytes === 'number') return bytes
      pipe.push(bytes, this.random)
      return bytes.length
    })
  }

  /** splice(2) from a pipe into a socket. */
  spliceOut(pipe: KernelPipe, fd: number, most: number): number {
    return this.#call(fd, (socket) => {
      const sent = socket.send(pipe.peek(most))
      if (sent > 0) pipe.take(sent)
      return sent
    })
  }

  /** pipe2(2). It takes two fds. */
  pipe(): OpenPipe | number {
    if (this.#isShortOfMemory()) return -e.ENOMEM
    if (this.openFds + 2 > this.shortage.fds) return -e.EMFILE
    const pipe = new KernelPipe(this.#quota)
    return { pipe, fds: [this.open(new PipeEnd(pipe, 'read')), this.open(new PipeEnd(pipe, 'write'))] }
  }

  closePipe({ fds }: OpenPipe): void {
    for (const fd of fds) this.letGo(this.#fds.close(fd) as PipeEnd)
  }

  takeError(fd: number): number {
    return this.#call(fd, (socket) => socket.takeError(), false)
  }

  shutdown(fd: number): number {
    return this.#call(fd, (socket) => socket.shutdown(), false)
  }

  setPacing(fd: number, bytesPerSecond: number): number {
    return this.#call(fd, (socket) => socket.setPacing(bytesPerSecond), false)
  }

  unacknowledged(fd: number): number {
    return this.#call(fd, (socket) => socket.outbound.unacknowledged, false)
  }

  setLowWater(fd: number, bytes: number): void {
    this.#call(
      fd,
      (socket) => {
        socket.setLowWater(bytes)
        return 0
      },
      false,
    )
  }

  localAddress(fd: number): TcpPeer | undefined {
    return this.#fds.at(fd)?.local
  }

  /** getpeername(2). Here a broken connection keeps its name. */
  remoteAddress(fd: number): TcpPeer | undefined {
    const file = this.#fds.at(fd)
    return file instanceof TcpSocket ? file.remote : undefined
  }

  /** close(2). With `isReset` the socket has SO_LINGER 0. */
  close(fd: number, isReset: boolean): number {
    this.#stir()
    const file = this.#fds.close(fd)
    if (file === undefined) return -e.EBADF
    if (file instanceof PipeEnd || file instanceof MessageSocket) return this.letGo(file)
    if (!(file instanceof TcpSocket)) {
      file.close()
      return 0
    }
    file.isResetAtClose ||= isReset
    return this.letGo(file)
  }

  fileAt(fd: number): File | undefined {
    return this.#fds.at(fd)
  }

  /** Opens an fd of a file. Returns it or -EMFILE. */
  open(file: File): number {
    const fd = this.#fds.open(file, this.shortage.fds)
    if (fd >= 0 && isCounted(file)) this.hold(file)
    return fd
  }

  /** Somebody more has the file. */
  hold(file: Sent): void {
    counted(file).holders += 1
  }

  /** Somebody less has the file. The last one closes it. */
  letGo(file: Sent): number {
    const count = counted(file)
    count.holders -= 1
    if (count.holders > 0) return 0
    if (!(file instanceof TcpSocket)) {
      if (file instanceof PipeEnd) file.pipe.close()
      else file.close()
      return 0
    }
    const pending = this.#pending.get(file)
    if (pending !== undefined) this.network.withdraw(pending)
    this.#pending.delete(file)
    const kept = this.random.chance(0.5) ? 0 : this.random.size(65_536)
    file.close(file.isResetAtClose, kept)
    return 0
  }

  messageSocket(): MessageSocket {
    return new MessageSocket(this.epoll, (file) => this.letGo(file))
  }

  #acceptMessages(listener: MessageListener): number {
    const socket = listener.accept()
    return socket === undefined ? -e.EAGAIN : this.open(socket)
  }

  /** The far ends of its connections, as `HOST:PORT`. */
  peers(): string[] {
    return this.#fds.numbers().flatMap((fd) => {
      const remote = this.remoteAddress(fd)
      return remote === undefined ? [] : nameOf(remote)
    })
  }

  /** The queues of listening sockets that it watches. */
  watchedQueues(): AcceptQueue[] {
    return this.#fds.numbers().flatMap((fd) => {
      const file = this.#fds.at(fd)
      return file instanceof ListenSocket && file.watch !== undefined ? file.queue : []
    })
  }

  /** The process is over. All its fds are closed, and it gets no new ones. */
  exit(): void {
    this.shortage.fds = 0
    for (const fd of this.#fds.numbers()) {
      this.unwatch(fd)
      this.close(fd, false)
    }
  }

  /** A unix connect succeeds or fails at once, even if nobody accepts it yet. */
  #connectUnix(path: string, server: Server | undefined): number {
    const errno = server === undefined ? e.ENOENT : server.answer()
    if (errno !== 0) return -(errno ?? e.EAGAIN)
    const [socket, far] = this.#connection(NAMELESS, { host: path, port: UNIX_PORT })
    const fd = this.open(socket)
    if (fd < 0) return fd
    socket.connected()
    server!.accepted(far)
    return fd
  }

  #settle(socket: TcpSocket, server: Server | undefined, far: FarEnd): boolean {
    const errno = server === undefined ? e.ECONNREFUSED : server.answer()
    if (errno === undefined) return false
    this.#pending.delete(socket)
    if (errno !== 0) {
      socket.failed(errno)
      return true
    }
    socket.connected()
    server!.accepted(far)
    return true
  }

  #connection(local: TcpPeer, remote: TcpPeer): [near: TcpSocket, far: FarEnd] {
    const { buffers } = this.#options
    if (remote.port === UNIX_PORT) return unixConnection(this.epoll, buffers, local, remote)
    const inbound = new OneWay(buffers)
    const outbound = new OneWay(buffers)
    this.network.add(inbound)
    this.network.add(outbound)
    const near = new TcpSocket(this.epoll, inbound, outbound, local, remote)
    return [near, { inbound: outbound, outbound: inbound }]
  }

  /** With `mayFail` the call may fail for want of memory. */
  #call(fd: number, call: (socket: TcpSocket) => number, mayFail = true): number {
    this.#stir()
    const file = this.#fds.at(fd)
    if (!(file instanceof TcpSocket)) return -e.EBADF
    if (mayFail && this.#isShortOfMemory()) return -this.random.pick([e.ENOMEM, e.ENOBUFS])
    return call(file)
  }

  #isShortOfMemory(): boolean {
    return this.shortage.memory > 0 && this.random.chance(this.shortage.memory)
  }

  #stir(): void {
    if (this.isRestless && this.random.chance(STIR_PART)) this.network.stir(this.random)
  }
}

const isCounted = (file: File): file is Sent =>
  file instanceof TcpSocket || file instanceof PipeEnd || file instanceof MessageSocket

const counted = (file: Sent): { holders: number } => (file instanceof PipeEnd ? file.pipe : file)

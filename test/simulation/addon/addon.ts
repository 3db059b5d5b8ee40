/**
 * The addon's surface (src/io/kernel/native.ts) on the simulated kernel: the same calls and exactly the same answers. The
 * simulated event loop calls `collect`, as libuv does when the epoll is readable.
 */
import type * as native from '../../../src/io/kernel/native.js'
import * as constants from '../../../src/io/kernel/native-constants.js'
import { settle } from '../clock.js'
import type { Faults } from '../faults.js'
import * as e from '../kernel/errnos.js'
import type { Kernel } from '../kernel/kernel.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import { CopyOffload } from './copy-offload.js'
import { KernelPipes } from './kernel-pipes.js'
import { Messages } from './messages.js'
import { clearOutcome } from './outcome.js'
import { LISTENER_EVENTS, MUTED_EVENTS, Poller, SOCKET_EVENTS } from './poller.js'
import { Transfers } from './transfer.js'

/** The round trip time of every connection. Nothing depends on it. */
const ROUND_TRIP_MICROS = 100

export class SimulatedAddon extends Messages implements native.Native {
  readonly version = 0
  readonly constants = { ...constants }
  readonly #kernel: Kernel
  readonly #faults: Faults
  readonly #pipes: KernelPipes
  readonly #owned = new Set<number>()
  #outcome!: Int32Array
  #scratch!: Buffer
  #transfers!: Transfers
  #poller!: Poller

  constructor(kernel: Kernel, faults: Faults) {
    super(kernel.machine)
    this.#kernel = kernel
    this.#faults = faults
    this.#pipes = new KernelPipes(kernel, faults)
  }

  /** One visit of the event loop. Returns whether the kernel reported anything. */
  collect(): boolean {
    return this.#poller.collect()
  }

  start(
    onBatch: (count: number) => void,
    events: Int32Array,
    outcome: Int32Array,
    scratch: Uint8Array,
    copies: Int32Array,
    carried: Int32Array,
  ): number {
    this.#outcome = outcome
    this.#scratch = scratch as Buffer
    this.#transfers = new Transfers(this.#kernel, this.#pipes, this.#faults, this.#scratch, outcome)
    const standing = new CopyOffload(copies, carried, outcome, scratch.length, this.#transfers)
    this.#poller = new Poller(this.#kernel, standing, events, (count) => {
      onBatch(count)
      settle()
    })
    return 0
  }

  keepAlive(): number {
    return 0
  }

  watch(fd: number, generation: number, isListener: boolean): number {
    return this.#kernel.watch(fd, isListener ? LISTENER_EVENTS : SOCKET_EVENTS, generation, !isListener)
  }

  unwatch(fd: number): number {
    return this.#kernel.unwatch(fd)
  }

  mute(fd: number, generation: number, isMuted: boolean): number {
    const isSilent = !isMuted && this.#faults.has('unmuting-reports-nothing')
    return this.#kernel.changeWatch(fd, isMuted ? MUTED_EVENTS : SOCKET_EVENTS, generation, isSilent)
  }

  listen(host: string, port: number, backlog: number, sharePort = false): number {
    return this.#add(this.#kernel.listen(host, port, backlog, sharePort))
  }

  setLiveness(): number {
    return 0
  }

  setBacklog(): number {
    return 0
  }

  /** No story has socket options. */
  open(): number {
    return -e.EINVAL
  }

  setOptions(): number {
    return 0
  }

  bindSource(): number {
    return 0
  }

  accept(listener: number, generation: number): number {
    const [fd, peer] = this.#kernel.accept(listener)
    return this.#show(peer, this.#own(fd, generation))
  }

  connect(host: string, port: number, generation: number): number {
    return this.#own(this.#kernel.connect(host, port), generation)
  }

  /** Adopts a listening socket. The simulated kernel has no connections that Node opened. */
  adopt(fd: number): number {
    const queue = this.#kernel.queueOf(fd)
    return queue === undefined ? -e.EBADF : this.#add(this.#kernel.share(queue))
  }

  takeError(fd: number): number {
    return this.#kernel.takeError(fd)
  }

  localAddress(fd: number): number {
    const local = this.#kernel.localAddress(fd)
    return local === undefined ? -e.EBADF : this.#show(local, 0)
  }

  shutdown(fd: number): number {
    return this.#kernel.shutdown(fd)
  }

  close(fd: number): number {
    return this.#owned.delete(fd) ? this.#kernel.close(fd, false) : -e.EBADF
  }

  reset(fd: number): number {
    return this.#owned.delete(fd) ? this.#kernel.close(fd, true) : -e.EBADF
  }

  release(fd: number): number {
    if (!this.#owned.delete(fd)) return -e.EBADF
    this.#kernel.unwatch(fd)
    return fd
  }

  receive(fd: number, most: number, isPeek: boolean): number {
    return this.#kernel.receive(fd, this.#scratch.subarray(0, most), isPeek)
  }

  unacknowledged(fd: number): number {
    return this.#kernel.unacknowledged(fd)
  }

  setPacing(fd: number, bytesPerSecond: number): number {
    return this.#kernel.setPacing(fd, bytesPerSecond)
  }

  tcpInfo(): number {
    new Float64Array(this.#scratch.buffer)[constants.RTT_MICROS] = ROUND_TRIP_MICROS
    return constants.RTT_MICROS + 1
  }

  splice(source: number, sink: number, pipe: number, budget: number, hints: number): number {
    return this.#transfers.splice(source, sink, pipe, budget, hints)
  }

  copy(source: number, sink: number, budget: number, hints: number): number {
    return this.#transfers.copy(source, sink, budget, hints)
  }

  send(sink: number, bytes: Uint8Array): number {
    clearOutcome(this.#outcome)
    return this.#transfers.send(sink, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }

  emptyPipe(pipe: number, into: Uint8Array): number {
    if (!this.#pipes.isLeased(pipe)) return -e.EBADF
    const bytes = this.#pipes.at(pipe).take(into.length)
    this.#pipes.pinned -= bytes.length
    into.set(bytes)
    this.#pipes.discard(pipe)
    return bytes.length
  }

  discardPipe(pipe: number): number {
    this.#pipes.discard(pipe)
    return 0
  }

  sizePipes(pipeBytes: number, pinnedBytes: number, quotaPages: number): number {
    this.#pipes.configure(pipeBytes, pinnedBytes, quotaPages)
    return 0
  }

  trimPipes(keep: number): number {
    this.#pipes.trim(keep)
    return 0
  }

  count(): native.NativeCounts {
    const { inUse, idle, refused, downgraded, pinned, pinnedBudget, splices } = this.#pipes
    return {
      descriptors: this.#owned.size,
      pipesInUse: inUse,
      pipesIdle: idle,
      pipesRefused: refused,
      pipesDowngraded: downgraded,
      pinnedBytes: pinned,
      pinnedBudgetBytes: pinnedBudget,
      splices,
    }
  }

  /** No service manager has started a simulated process. */
  sendDatagram(): number {
    return -e.ECONNREFUSED
  }

  isListening(): number {
    return 0
  }

  deadChild(): number {
    return 0
  }

  reapChild(): number {
    return -e.EINVAL
  }

  protected get parts(): Messages['parts'] {
    const own = (fd: number, generation: number): number => this.#own(fd, generation)
    const [kernel, pipes, owned, outcome, scratch] = [
      this.#kernel,
      this.#pipes,
      this.#owned,
      this.#outcome,
      this.#scratch,
    ]
    return { kernel, pipes, owned, outcome, scratch, own }
  }

  #add(fd: number): number {
    if (fd >= 0) this.#owned.add(fd)
    return fd
  }

  /** Watches the fd at once, or resets it. To the peer an orderly end would look like an empty answer. */
  #own(fd: number, generation: number): number {
    if (fd < 0) return fd
    this.#add(fd)
    const error = this.watch(fd, generation, false)
    if (error === 0) return fd
    this.reset(fd)
    return error
  }

  #show(peer: TcpPeer | undefined, result: number): number {
    if (result < 0 || peer === undefined) return result
    this.#outcome[constants.HOST_BYTES] = 0
    this.#outcome[constants.PORT] = peer.port
    if (peer.port === constants.UNIX_PORT) {
      this.#outcome[constants.HOST_BYTES] = this.#scratch.write(peer.host)
      return result
    }
    this.#outcome[constants.IPV4] = peer.host.split('.').reduce((ip, byte) => (ip << 8) | Number(byte), 0)
    return result
  }
}

/**
 * The event loop of one thread for file descriptors of our own. It owns the table of who is told of the
 * events of each fd, the copy offloads, the arrays shared with the addon, and what is known about splicing
 * here. It knows nothing of proxies.
 */

import { type Address, packPeer } from '../../address.js'
import { DEFAULT_PIPE_LIMITS, type PipeLimits } from '../engine.js'
import type { NotSplicing } from '../not-splicing.js'
import { RunQueue } from '../run-queue.js'
import { errnoName, type LoadedNative, loadNative, type Native, pipeQuotaPages } from './native.js'
import {
  CARRIED_CELLS,
  EVENT_CELLS,
  EVENT_FD,
  EVENT_FOUND,
  EVENT_GENERATION,
  EVENT_IN,
  EVENT_OUT,
  EVENT_READINESS,
  HOST_BYTES,
  IPV4,
  MOST_EVENTS,
  OFFLOAD_CELLS,
  PORT,
  TCP_INFO_CELLS,
  TELL_SHIFT,
  TELL_UNIT,
  UNIX_PORT,
} from './native-constants.js'

/** Receives the events of one fd. */
export interface Watched {
  readonly fd: number
  /** Tells this watch of the fd from earlier ones, whose events may still be on their way. */
  readonly generation: number
  /** Called within a batch. It takes note and schedules a run, nothing more. */
  notify(readiness: number): void
  /** Called within a batch instead of `notify`. A copy offload reports a move, or why it moved nothing. */
  carried(readiness: number, came: number, went: number, found: number): void
}

/** Fds from this number on get no copy offload. Memory is used only for fds in use. */
const MOST_OFFLOADED_FDS = 1 << TELL_SHIFT
const NO_SINK = 0
/** No copy moves this many units at once. So an offload with this limit never reports a move. */
const MOST_TELL_UNITS = 0x7fff
/** The largest read of a copy. Addresses are handed over there too. A thread has one such buffer. */
const SCRATCH_BYTES = 128 * 1024
/** Share of the user's quota of kernel pipes. The rest is for the user's other processes, and small pipes. */
const QUOTA_SHARE = 0.5
/** Idle pipes kept for the next burst, and how long after an event the others are closed (ms). */
const IDLE_PIPES_KEPT = 16
const TRIM_AFTER_MS = 5000
/** How long not to ask again after a refused pipe (ms). The answer would be the same, for two syscalls. */
const REFUSAL_LASTS_MS = 1000

export class KernelLoop {
  readonly native: Native
  readonly runQueue = new RunQueue()
  /** Results of the last native call. native-constants.ts names the cells. Explicit buffers never move. */
  readonly outcome = new Int32Array(new ArrayBuffer(4096))
  readonly scratch = Buffer.from(new ArrayBuffer(SCRATCH_BYTES))
  /** The first bytes of `scratch`, where `tcpInfo` puts its figures. */
  readonly figures = new Float64Array(this.scratch.buffer, 0, TCP_INFO_CELLS)
  readonly #events = new Int32Array(new ArrayBuffer(MOST_EVENTS * EVENT_CELLS * 4))
  readonly #copies = new Int32Array(new ArrayBuffer(MOST_OFFLOADED_FDS * OFFLOAD_CELLS * 4))
  /** What the addon copied and has not reported, by fd: bytes, and when the last of them moved. */
  readonly #carried = new Int32Array(new ArrayBuffer(MOST_OFFLOADED_FDS * CARRIED_CELLS * 4))
  readonly #watched: (Watched | undefined)[] = []
  #count = 0
  #generation = 0
  #refusal: NotSplicing | undefined
  /** A fraction from the start: V8 discards compiled code if a field turns from a whole number into one. */
  #refusedUntil = performance.now()
  /** Set by the first event after the last trim. So nothing wakes the process while nothing happens. */
  #trim: NodeJS.Timeout | undefined
  readonly #quotaPages: () => number

  /**
   * Starts the loop of this thread. Returns the loop, or the reason why there can be none. `quotaPages`
   * returns the quota of this user, as `pipeQuotaPages` does.
   */
  static start(
    loaded: LoadedNative = loadNative(),
    quotaPages: () => number = pipeQuotaPages,
  ): KernelLoop | NotSplicing {
    if (loaded.native === undefined) return loaded.missing
    const loop = new KernelLoop(loaded.native, quotaPages)
    const error = loop.native.start(
      (count) => loop.#dispatch(count),
      loop.#events,
      loop.outcome,
      loop.scratch,
      loop.#copies,
      loop.#carried,
    )
    if (error < 0) return `addon-failed: the poller did not start: ${errnoName(error)}`
    loop.limitPipes(DEFAULT_PIPE_LIMITS)
    return loop
  }

  private constructor(native: Native, quotaPages: () => number) {
    this.native = native
    this.#quotaPages = quotaPages
  }

  /** Sets the limits of the whole thread. The last call wins. */
  limitPipes({ kernelPipeBytes, pinnedMemoryBytes, workers }: PipeLimits): void {
    const quotaPages = Math.ceil((this.#quotaPages() * QUOTA_SHARE) / workers)
    this.native.sizePipes(kernelPipeBytes, Math.floor(pinnedMemoryBytes / workers), quotaPages)
  }

  /**
   * The generation of the next fd. The addon's `accept` and `connect` watch at once, so they need it before.
   */
  nextGeneration(): number {
    this.#generation = (this.#generation + 1) | 0
    return this.#generation
  }

  /** Tells `watched` of the events of its fd, which the addon watches under its generation. */
  attach(watched: Watched): void {
    this.#watched[watched.fd] = watched
    if (++this.#count === 1) this.native.keepAlive(true)
  }

  /** Watches an fd that is not watched yet. Returns 0 or -errno. */
  watch(watched: Watched, isListener: boolean): number {
    const error = this.native.watch(watched.fd, watched.generation, isListener)
    if (error === 0) this.attach(watched)
    return error
  }

  /**
   * Offloads a copy. When only bytes arrive at `source`, the addon copies them to `sink` (an fd) while it
   * collects the batch. It reports through `carried` if it moved `tellFrom` bytes or more at once, or found
   * more than an empty source. `takeCarried` tells the rest. The offload stays until `endOffload`.
   */
  offloadCopy(source: Watched, sink: number, tellFrom: number): void {
    if (source.fd >= MOST_OFFLOADED_FDS || sink >= MOST_OFFLOADED_FDS) return
    const at = source.fd * OFFLOAD_CELLS
    this.#copies[at] = source.generation
    this.#copies[at + 1] = sink | (Math.min(tellFrom / TELL_UNIT, MOST_TELL_UNITS) << TELL_SHIFT)
  }

  endOffload(source: Watched): void {
    if (source.fd < MOST_OFFLOADED_FDS) this.#copies[source.fd * OFFLOAD_CELLS + 1] = NO_SINK
  }

  /** Takes the count of bytes from `fd` that the addon copied and did not report. Each is told once. */
  takeCarried(fd: number): number {
    if (fd < 0 || fd >= MOST_OFFLOADED_FDS) return 0
    const at = fd * CARRIED_CELLS
    const bytes = this.#carried[at]!
    if (bytes !== 0) this.#carried[at] = 0
    return bytes
  }

  /** How long ago the last byte moved that `takeCarried` has just told of, in whole ms. */
  msSinceCarried(fd: number): number {
    const [seconds, nanos] = process.hrtime()
    const now = seconds * 1000 + Math.floor(nanos / 1e6)
    return Math.max(0, (now - this.#carried[fd * CARRIED_CELLS + 1]!) | 0)
  }

  /** Forgets `watched`. Events still on their way reach nobody. The caller closes or unwatches the fd. */
  forget(watched: Watched): void {
    if (watched.fd < 0 || this.#watched[watched.fd] !== watched) return
    this.endOffload(watched)
    this.takeCarried(watched.fd)
    this.#watched[watched.fd] = undefined
    if (--this.#count === 0) this.native.keepAlive(false)
  }

  /** The address that the last `accept` or `localAddress` put into the outcome. */
  get shownPeer(): Address | number {
    const { outcome } = this
    const port = outcome[PORT]!
    const bytes = outcome[HOST_BYTES]!
    if (port !== UNIX_PORT && bytes === 0) return packPeer(outcome[IPV4]!, port)
    const host = this.scratch.toString('utf8', 0, bytes)
    return port === UNIX_PORT ? { kind: 'unix', path: host } : { kind: 'tcp', host, port }
  }

  /** Why no direction may splice now. Undefined if it may. */
  get refusal(): NotSplicing | undefined {
    return this.#refusal !== undefined && this.runQueue.now < this.#refusedUntil ? this.#refusal : undefined
  }

  /** The kernel gave no pipe. Directions copy for REFUSAL_LASTS_MS, then ask again. */
  refusePipes(errno: string): void {
    this.#refusal = errno === 'EDQUOT' ? 'pipe-quota' : 'fd-limit'
    this.#refusedUntil = this.runQueue.now + REFUSAL_LASTS_MS
  }

  /** The kernel or a filter forbids splice(2) to this process. Directions copy from now on. */
  refuseSplice(errno: string): void {
    this.#refusal = `kernel-refused: ${errno}`
    this.#refusedUntil = Number.POSITIVE_INFINITY
  }

  /** Closes pipes that only a burst needed. */
  #trimLater(): void {
    this.#trim = setTimeout(() => {
      this.#trim = undefined
      this.native.trimPipes(IDLE_PIPES_KEPT)
    }, TRIM_AFTER_MS).unref()
  }

  #dispatch(count: number): void {
    const events = this.#events
    this.runQueue.tick()
    for (let at = 0; at < count * EVENT_CELLS; at += EVENT_CELLS) {
      const watched = this.#watched[events[at + EVENT_FD]!]
      if (watched === undefined || watched.generation !== events[at + EVENT_GENERATION]) continue
      const readiness = events[at + EVENT_READINESS]!
      const came = events[at + EVENT_IN]!
      const found = events[at + EVENT_FOUND]!
      if (came > 0 || found !== 0) watched.carried(readiness, came, events[at + EVENT_OUT]!, found)
      else watched.notify(readiness)
    }
    this.runQueue.drain()
    if (this.#trim === undefined) this.#trimLater()
  }
}

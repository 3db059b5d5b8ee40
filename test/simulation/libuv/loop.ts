/**
 * libuv's event loop on the simulated kernel. The kernel reports on a watcher as long as something is there (uv__io_poll).
 * Some watchers run without a report (uv__io_feed). A close is told at the end of the turn.
 */
import { settle } from '../clock.js'
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT } from '../kernel/errnos.js'
import type { Kernel } from '../kernel/kernel.js'

/** uv__io_t */
export interface Watcher {
  /** -1 once it is closed. */
  readonly fd: number
  /** The watched events, and a number that tells this watcher from others of the same fd. Only the loop writes them. */
  interest: number
  generation: number
  io(events: number): void
}

/** The most reports of one look at the kernel. */
const MOST_REPORTS = 1024

export class UvLoop {
  readonly kernel: Kernel
  readonly #watchers = new Map<number, Watcher>()
  #fed = new Set<Watcher>()
  #closing: (() => void)[] = []
  #generation = 0

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  /** Whether something is due without a report from the kernel. */
  get hasWork(): boolean {
    return this.#fed.size + this.#closing.length > 0
  }

  /** uv__io_start and uv__io_stop: from now on the watcher is watched for these events. 0 means none. */
  want(watcher: Watcher, events: number): void {
    const { interest: before, fd } = watcher
    if (before === events) return
    watcher.interest = events
    if (before === 0) {
      watcher.generation = ++this.#generation
      this.#watchers.set(fd, watcher)
      this.kernel.watch(fd, events, watcher.generation, false)
    } else if (events === 0) {
      this.#watchers.delete(fd)
      this.kernel.unwatch(fd)
    } else this.kernel.changeWatch(fd, events, watcher.generation, false)
  }

  /** The watcher runs in the next turn as if its fd were writable. */
  feed(watcher: Watcher): void {
    this.#fed.add(watcher)
  }

  /** The fd must be closed already. `closed` runs at the end of the turn. */
  close(watcher: Watcher, closed: () => void): void {
    this.#fed.delete(watcher)
    this.#closing.push(closed)
  }

  /** Runs a callback. As Node does, it then runs the ticks and promises. */
  call(callback: () => void): void {
    callback()
    settle()
  }

  /** One turn of the loop. Returns whether anything was due. */
  collect(): boolean {
    const fed = this.#fed
    this.#fed = new Set()
    for (const watcher of fed) if (watcher.fd >= 0) watcher.io(EPOLLOUT)
    const reports = this.kernel.wait(MOST_REPORTS)
    for (const { fd, generation, mask } of reports) this.#report(fd, generation, mask)
    return fed.size + reports.length > 0
  }

  endTurn(): void {
    const closing = this.#closing
    this.#closing = []
    for (const closed of closing) closed()
  }

  /** uv__io_poll: a watcher that has been closed or changed since the look at the kernel does not get the report. */
  #report(fd: number, generation: number, mask: number): void {
    const watcher = this.#watchers.get(fd)
    if (watcher?.generation !== generation) return
    const events = mask & (watcher.interest | EPOLLERR | EPOLLHUP)
    const isAlone = events === EPOLLERR || events === EPOLLHUP
    if (events !== 0) watcher.io(isAlone ? events | (watcher.interest & (EPOLLIN | EPOLLOUT)) : events)
  }
}

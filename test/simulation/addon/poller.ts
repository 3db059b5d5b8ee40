/** native/poller.cc, on the simulated kernel. */
import { BROKEN, PEER_ENDED, READABLE, URGENT, WRITABLE } from '../../../src/io/socket.js'
import type { Report } from '../kernel/epoll.js'
import * as e from '../kernel/errnos.js'
import type { Kernel } from '../kernel/kernel.js'
import type { CopyOffload, Event } from './copy-offload.js'

export const LISTENER_EVENTS = e.EPOLLIN
export const MUTED_EVENTS = e.EPOLLOUT | e.EPOLLRDHUP
export const SOCKET_EVENTS = MUTED_EVENTS | e.EPOLLIN | e.EPOLLPRI

const EVENT_CELLS = 6
const BUSY = 2
/** The most batches in one visit. The real poller looks at the clock instead. */
const MOST_BATCHES = 16

export class Poller {
  readonly #kernel: Kernel
  readonly #copies: CopyOffload
  readonly #events: Int32Array
  readonly #deliver: (count: number) => void

  constructor(kernel: Kernel, copies: CopyOffload, events: Int32Array, deliver: (count: number) => void) {
    this.#kernel = kernel
    this.#copies = copies
    this.#events = events
    this.#deliver = deliver
  }

  /** Returns whether the kernel reported anything. */
  collect(): boolean {
    let hasReported = false
    for (let batches = 0; batches < MOST_BATCHES; batches++) {
      const { count, isTold } = this.#collectBatch()
      hasReported ||= count > 0
      if (count < BUSY || isTold) break
    }
    return hasReported
  }

  #collectBatch(): { count: number; isTold: boolean } {
    const reports = this.#kernel.wait(this.#events.length / EVENT_CELLS)
    this.#copies.beginBatch(performance.now())
    let filled = 0
    let isTold = false
    for (const report of reports) {
      const event = toEvent(report)
      const how = this.#copies.carryOut(event)
      if (how === 'none') continue
      isTold = true
      this.#write(filled++, event)
      if (how === 'in-batch') continue
      this.#deliver(filled)
      filled = 0
    }
    if (filled > 0) this.#deliver(filled)
    return { count: reports.length, isTold }
  }

  #write(index: number, { fd, generation, readiness, came, went, found }: Event): void {
    this.#events.set([fd, generation, readiness, came, went, found], index * EVENT_CELLS)
  }
}

function toEvent({ fd, generation, mask }: Report): Event {
  return { fd, generation, readiness: toReadiness(mask), came: 0, went: 0, found: 0 }
}

function toReadiness(mask: number): number {
  let readiness = 0
  if ((mask & (e.EPOLLIN | e.EPOLLRDHUP | e.EPOLLHUP | e.EPOLLERR | e.EPOLLPRI)) !== 0) readiness |= READABLE
  if ((mask & (e.EPOLLOUT | e.EPOLLHUP | e.EPOLLERR)) !== 0) readiness |= WRITABLE
  if ((mask & (e.EPOLLRDHUP | e.EPOLLHUP)) !== 0) readiness |= PEER_ENDED
  if ((mask & e.EPOLLERR) !== 0) readiness |= BROKEN
  if ((mask & e.EPOLLPRI) !== 0) readiness |= URGENT
  return readiness
}

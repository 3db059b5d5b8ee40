/**
 * epoll(7): the watched files, the events each is watched for, and the wake-ups that are not reported yet. A report shows
 * the state at the time of the report. An edge-triggered file is reported once for each wake-up.
 */
import { EEXIST, ENOENT, EPOLLERR, EPOLLHUP } from './errnos.js'

export interface Watchable {
  /** The present state, in epoll's bits. */
  poll(): number
  watch: Watch | undefined
}

/** One file that an epoll watches. */
export interface Watch {
  readonly fd: number
  readonly file: Watchable
  /** The one that watches. Another process may have the file, too. */
  readonly epoll: Epoll
  readonly isEdge: boolean
  generation: number
  interest: number
  isReady: boolean
}

export interface Report {
  readonly fd: number
  readonly generation: number
  readonly mask: number
}

/** Errors and hang-ups cannot be masked. */
const ALWAYS = EPOLLERR | EPOLLHUP

export class Epoll {
  #ready: Watch[] = []

  /** Whether any watched file has something to report. */
  get isReady(): boolean {
    return this.#ready.some(({ file, interest }) => (file.poll() & (interest | ALWAYS)) !== 0)
  }

  add(fd: number, file: Watchable, interest: number, generation: number, isEdge: boolean): number {
    if (file.watch !== undefined) return -EEXIST
    file.watch = { fd, file, epoll: this, isEdge, generation, interest, isReady: false }
    this.#wakeIfReady(file.watch)
    return 0
  }

  /** Changes the watched events and reports what is there. With `isSilent` it reports nothing, as no real kernel does. */
  modify(file: Watchable, interest: number, generation: number, isSilent: boolean): number {
    const { watch } = file
    if (watch?.epoll !== this) return -ENOENT
    watch.interest = interest
    watch.generation = generation
    if (!isSilent) this.#wakeIfReady(watch)
    return 0
  }

  delete(file: Watchable): number {
    const { watch } = file
    if (watch?.epoll !== this) return -ENOENT
    file.watch = undefined
    this.#ready = this.#ready.filter((each) => each !== watch)
    return 0
  }

  /** Something happened to `file`. `key` tells what; 0 means anything. A watch for other events is not woken. */
  wake({ watch }: Watchable, key: number): void {
    if (watch === undefined || watch.isReady) return
    if (key !== 0 && (key & (watch.interest | ALWAYS)) === 0) return
    watch.isReady = true
    this.#ready.push(watch)
  }

  /** epoll_wait(2): at most `most` reports. The kernel has not seen yet what `isLate` picks, and leaves it out. */
  wait(most: number, isLate: () => boolean): Report[] {
    const reports: Report[] = []
    const queue = this.#ready
    this.#ready = []
    for (const watch of queue) {
      const mask = watch.file.poll() & (watch.interest | ALWAYS)
      const isLeft = mask !== 0 && (reports.length === most || isLate())
      if (!isLeft && mask !== 0) reports.push({ fd: watch.fd, generation: watch.generation, mask })
      watch.isReady = isLeft || (mask !== 0 && !watch.isEdge)
      if (watch.isReady) this.#ready.push(watch)
    }
    return reports
  }

  #wakeIfReady(watch: Watch): void {
    if ((watch.file.poll() & (watch.interest | ALWAYS)) !== 0) this.wake(watch.file, 0)
  }
}

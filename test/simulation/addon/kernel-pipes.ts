/** native/kernel_pipe.cc, on the simulated kernel. */
import type { Faults } from '../faults.js'
import { EDQUOT, EMFILE } from '../kernel/errnos.js'
import { type Kernel, MOST_FDS, type OpenPipe } from '../kernel/kernel.js'
import type { KernelPipe } from '../kernel/kernel-pipe.js'

const SMALLEST_USEFUL_BYTES = 64 * 1024
const PAGE_BYTES = 4096
/** So many fds must be allowed for each pipe that may be leased. */
const FDS_PER_PIPE = 8

interface Held extends OpenPipe {
  isFitted: boolean
}

export class KernelPipes {
  inUse = 0
  refused = 0
  downgraded = 0
  pinned = 0
  pinnedBudget = 0
  splices = 0
  readonly #kernel: Kernel
  readonly #faults: Faults
  readonly #held = new Map<number, Held>()
  readonly #leased = new Set<number>()
  #idle: number[] = []
  #nextId = 0
  #pipeBytes = 1024 * 1024
  #quotaBytes = 0
  #mayGrow = true

  constructor(kernel: Kernel, faults: Faults) {
    this.#kernel = kernel
    this.#faults = faults
  }

  get idle(): number {
    return this.#idle.length
  }

  configure(pipeBytes: number, pinnedBudget: number, quotaPages: number): void {
    if (pipeBytes !== this.#pipeBytes) this.trim(0)
    this.#pipeBytes = pipeBytes
    this.pinnedBudget = pinnedBudget
    this.#quotaBytes = quotaPages * PAGE_BYTES
  }

  get mostBytesPerMove(): number {
    return this.pinned + this.#pipeBytes <= this.pinnedBudget ? this.#pipeBytes : SMALLEST_USEFUL_BYTES
  }

  isLeased(id: number): boolean {
    return this.#leased.has(id)
  }

  at(id: number): KernelPipe {
    return this.#held.get(id)!.pipe
  }

  fdsOf(id: number): readonly [read: number, write: number] {
    return this.#held.get(id)!.fds
  }

  /** Leases a pipe that another process has filled. Returns its id or -EMFILE. */
  adopt(pipe: KernelPipe, fds: OpenPipe['fds']): number {
    if (this.inUse >= MOST_FDS / FDS_PER_PIPE) return -EMFILE
    const id = this.#nextId++
    this.#held.set(id, { pipe, fds, isFitted: false })
    this.#leased.add(id)
    this.inUse++
    this.pinned += pipe.bytes
    return id
  }

  /** Returns a pipe's id or -errno. */
  lease(): number {
    const id = this.#idle.pop() ?? this.#openOne()
    if (id < 0) {
      this.refused++
      return id
    }
    this.#leased.add(id)
    this.inUse++
    return id
  }

  giveBack(id: number): void {
    if (!this.isLeased(id)) return
    const held = this.#held.get(id)!
    if (held.pipe.bytes !== 0) {
      this.discard(id)
      return
    }
    this.#leased.delete(id)
    held.isFitted = false
    this.inUse--
    const isLarge = held.pipe.size >= this.#pipeBytes || this.#grow(held)
    if (isLarge) this.#idle.push(id)
    else this.#idle.unshift(id)
  }

  discard(id: number): void {
    if (!this.#leased.delete(id)) return
    this.inUse--
    this.pinned -= this.at(id).bytes
    if (this.#faults.has('pipe-pooled-with-bytes')) this.#idle.push(id)
    else this.#close(id)
  }

  trim(keep: number): void {
    this.#mayGrow = true
    const excess = this.#idle.splice(0, Math.max(0, this.#idle.length - keep))
    for (const id of excess) this.#close(id)
  }

  #openOne(): number {
    if (this.inUse >= MOST_FDS / FDS_PER_PIPE) return -EMFILE
    if (!this.#hasRoom(0)) this.#fitToContent()
    const opened = this.#openOnce()
    if (opened !== -EDQUOT || !this.#fitToContent()) return opened
    return this.#openOnce()
  }

  #openOnce(): number {
    const opened = this.#kernel.pipe()
    if (typeof opened === 'number') return opened
    const { pipe } = opened
    const isLarge = this.#hasRoom(0) && pipe.resize(this.#pipeBytes) >= 0
    if (!isLarge) this.downgraded++
    if (pipe.size < SMALLEST_USEFUL_BYTES) {
      this.#kernel.closePipe(opened)
      return -EDQUOT
    }
    const id = this.#nextId++
    this.#held.set(id, { ...opened, isFitted: false })
    return id
  }

  #close(id: number): void {
    this.#kernel.closePipe(this.#held.get(id)!)
    this.#held.delete(id)
  }

  #grow({ pipe }: Held): boolean {
    this.#mayGrow = this.#mayGrow && this.#hasRoom(pipe.size) && pipe.resize(this.#pipeBytes) >= 0
    return this.#mayGrow
  }

  get #room(): number {
    return [...this.#held.values()].reduce((sum, { pipe }) => sum + pipe.size, 0)
  }

  #hasRoom(spared: number): boolean {
    return this.#quotaBytes === 0 || this.#room - spared + this.#pipeBytes <= this.#quotaBytes
  }

  #fitToContent(): boolean {
    const before = this.#room
    for (const id of this.#leased) {
      const held = this.#held.get(id)!
      if (held.isFitted || held.pipe.bytes === 0) continue
      held.isFitted = true
      for (let bytes = SMALLEST_USEFUL_BYTES; bytes < held.pipe.size; bytes *= 2) {
        if (held.pipe.resize(bytes) >= 0) break
      }
    }
    return this.#room < before
  }
}

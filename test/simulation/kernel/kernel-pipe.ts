/**
 * pipe(7) as splice(2) sees it: slots, not bytes. Each piece that comes in takes a slot, however small it is. It keeps the
 * slot until its last byte has gone. A slot may hold more than a page.
 */
import type { Random } from '../random.js'
import { ByteQueue } from './byte-queue.js'
import * as e from './errnos.js'

const PAGE_BYTES = 4096
const USUAL_PAGES = 16
/** The size of a new pipe (pages) once its user's quota is spent. */
const LEAST_PAGES = 2
/** The largest size of an skb fragment. */
const LARGEST_PIECE_BYTES = 8 * PAGE_BYTES

/** The quota for all pipes of a user (pipe-user-pages-soft). */
export class PipeQuota {
  /** 0 means no quota. */
  readonly mostPages: number
  pages = 0

  constructor(mostPages: number) {
    this.mostPages = mostPages
  }

  allows(pages: number): boolean {
    return this.mostPages === 0 || this.pages + pages <= this.mostPages
  }
}

export class KernelPipe {
  /** How many fds and messages have one of its ends. */
  holders = 0
  readonly #quota: PipeQuota
  #pages: number
  readonly #pieces: ByteQueue[] = []
  #bytes = 0

  constructor(quota: PipeQuota) {
    this.#quota = quota
    this.#pages = quota.allows(USUAL_PAGES) ? USUAL_PAGES : LEAST_PAGES
    quota.pages += this.#pages
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The answer to F_GETPIPE_SZ. */
  get size(): number {
    return this.#pages * PAGE_BYTES
  }

  /** The most bytes that a splice may bring in. 0 if no slot is free. */
  roomFor(random: Random): number {
    let room = 0
    for (let free = this.#pages - this.#pieces.length; free > 0; free--) {
      room += random.chance(0.5) ? PAGE_BYTES : random.size(LARGEST_PIECE_BYTES)
    }
    return room
  }

  /** F_SETPIPE_SZ. Returns the new size or -errno. */
  resize(bytes: number): number {
    const pages = Math.max(1, bytes / PAGE_BYTES)
    if (pages > this.#pages && !this.#quota.allows(pages - this.#pages)) return -e.EPERM
    if (pages < this.#pieces.length) return -e.EBUSY
    this.#quota.pages += pages - this.#pages
    this.#pages = pages
    return this.size
  }

  /** Splits `bytes` over the free slots. There must be room for them. */
  push(bytes: Buffer, random: Random): void {
    this.#bytes += bytes.length
    let free = this.#pages - this.#pieces.length
    for (let at = 0; at < bytes.length; free--) {
      const rest = bytes.length - at
      const count = free <= 1 ? rest : Math.min(rest, random.size(LARGEST_PIECE_BYTES))
      const piece = new ByteQueue()
      piece.push(bytes.subarray(at, at + count))
      this.#pieces.push(piece)
      at += count
    }
  }

  peek(most: number): Buffer {
    const found: Buffer[] = []
    let left = most
    for (const piece of this.#pieces) {
      if (left === 0) break
      found.push(piece.peek(left))
      left -= found.at(-1)!.length
    }
    return Buffer.concat(found)
  }

  take(most: number): Buffer {
    const bytes = this.peek(most)
    let left = bytes.length
    this.#bytes -= left
    while (left > 0) {
      const first = this.#pieces[0]!
      left -= first.take(left).length
      if (first.length === 0) this.#pieces.shift()
    }
    return bytes
  }

  close(): void {
    this.#quota.pages -= this.#pages
  }
}

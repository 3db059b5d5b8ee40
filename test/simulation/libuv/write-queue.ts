/**
 * Writes that wait to go to a connection (uv__write and uv__write_callbacks). Their bytes stay in the writer's memory, and
 * the writer is told when they have gone.
 */
import * as e from '../kernel/errnos.js'

export type Done = (status: number) => void
export type Chunks = readonly Buffer[]

interface Request {
  chunks: Chunks
  readonly done: Done
  error: number
}

export const UV_ECANCELED = -125
/** The most writes in a row. */
const MOST_WRITES = 32

export class WriteQueue {
  /** How many bytes wait. Those that have gone do not count, even if the writer was not told yet. */
  bytes = 0
  #waiting: Request[] = []
  #over: Request[] = []

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  push(chunks: Chunks, done: Done): void {
    this.#waiting.push({ chunks, done, error: 0 })
    this.bytes += sizeOf(chunks)
  }

  /** `send` returns how many bytes went, or -errno. The result says whether bytes are left that wait for room. */
  write(send: (chunks: Chunks) => number): boolean {
    for (let writes = 0; writes <= MOST_WRITES; writes++) {
      const first = this.#waiting[0]
      if (first === undefined) return false
      const sent = send(first.chunks)
      if (sent < 0 && sent !== -e.EAGAIN) {
        first.error = sent
        this.#over.push(this.#waiting.shift()!)
        return false
      }
      first.chunks = withoutFirst(first.chunks, Math.max(0, sent))
      this.bytes -= Math.max(0, sent)
      if (sent < 0 || first.chunks.length > 0) return true
      this.#over.push(this.#waiting.shift()!)
    }
    return !this.isEmpty
  }

  /** Cancels all writes that wait. */
  cancel(): void {
    for (const request of this.#waiting) request.error = UV_ECANCELED
    this.#over.push(...this.#waiting)
    this.#waiting = []
  }

  get hasNews(): boolean {
    return this.#over.length > 0
  }

  tell(call: (callback: () => void) => void): void {
    const over = this.#over
    this.#over = []
    for (const { chunks, done, error } of over) {
      this.bytes -= sizeOf(chunks)
      call(() => done(error))
    }
  }
}

/** What is left of `chunks` after `sent` bytes have gone. Nothing is copied. */
export function withoutFirst(chunks: Chunks, sent: number): Chunks {
  let left = sent
  for (const [at, chunk] of chunks.entries()) {
    if (chunk.length > left) return [chunk.subarray(left), ...chunks.slice(at + 1)]
    left -= chunk.length
  }
  return []
}

const sizeOf = (chunks: Chunks): number => chunks.reduce((sum, { length }) => sum + length, 0)

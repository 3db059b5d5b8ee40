/**
 * Where lines go when stdout is a pipe: written between turns, without waiting for who reads it. A reader that has
 * stopped costs lines, never time, and the number of lines that may wait is bounded. Nothing of it is left undone at an
 * exit as long as somebody reads.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs'

/** What may wait. */
const MOST_WAITING_CHARS = 4 * 1024 * 1024
/** As much as goes into one write: what a pipe of the default size takes. */
const CHUNK_CHARS = 64 * 1024
/** A full pipe is tried again this soon, and this often at an exit (ms). */
const RETRY_MS = 5
const MOST_RETRIES_AT_EXIT = 200
const NOTHING = Buffer.alloc(0)

export class LineSink {
  readonly #fd: number
  readonly #dropped: (line: string) => void
  readonly #caughtUp: () => void
  #lines: string[] = []
  #waitingChars = 0
  /** What a write has left over. */
  #rest: Buffer = NOTHING
  #isDue = false
  #hasDropped = false

  /**
   * A pipe opened once more has a mode of its own, so that whoever shares it with us is not made to write in ours.
   * Undefined where that cannot be done.
   */
  static open(fd: number, dropped: (line: string) => void, caughtUp: () => void): LineSink | undefined {
    try {
      const own = openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
      return new LineSink(own, dropped, caughtUp)
    } catch {
      return undefined
    }
  }

  private constructor(fd: number, dropped: (line: string) => void, caughtUp: () => void) {
    this.#fd = fd
    this.#dropped = dropped
    this.#caughtUp = caughtUp
    process.on('exit', () => this.#flushAtExit())
  }

  /** One line with its end. `dropped` is told of it where too much waits. */
  write(line: string): void {
    if (this.#waitingChars + line.length > MOST_WAITING_CHARS) {
      this.#hasDropped = true
      this.#dropped(line)
      return
    }
    this.#lines.push(line)
    this.#waitingChars += line.length
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    this.#isDue = this.#writeAll() === 'full'
    if (this.#isDue) setTimeout(() => this.#flush(), RETRY_MS).unref()
    else if (this.#hasDropped) {
      this.#hasDropped = false
      this.#caughtUp()
    }
  }

  #flushAtExit(): void {
    const clock = new Int32Array(new SharedArrayBuffer(4))
    for (let tries = 0; this.#writeAll() === 'full' && tries < MOST_RETRIES_AT_EXIT; tries++) {
      Atomics.wait(clock, 0, 0, RETRY_MS)
    }
    closeSync(this.#fd)
  }

  /** A pipe that nobody reads any more takes nothing ever again: what waits is given up. */
  #writeAll(): 'done' | 'full' {
    while (this.#rest.length > 0 || this.#lines.length > 0) {
      if (this.#rest.length === 0) this.#rest = this.#takeChunk()
      try {
        this.#rest = this.#rest.subarray(writeSync(this.#fd, this.#rest))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 'full'
        this.#giveUp()
      }
    }
    return 'done'
  }

  #takeChunk(): Buffer {
    let chars = 0
    let count = 0
    for (; count < this.#lines.length && chars < CHUNK_CHARS; count++) chars += this.#lines[count]!.length
    this.#waitingChars -= chars
    return Buffer.from(this.#lines.splice(0, count).join(''))
  }

  #giveUp(): void {
    for (const line of this.#lines) this.#dropped(line)
    this.#lines = []
    this.#waitingChars = 0
    this.#rest = NOTHING
  }
}

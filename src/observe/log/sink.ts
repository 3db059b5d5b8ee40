/**
 * Lines on their way to a target, written a few ms later without anybody waiting for it. A target that takes nothing
 * costs lines, never time: what may wait is bounded, the rest is lost, counted, and told of once it flows again. A
 * line is written whole, in one target, and as long as somebody reads none is lost at an exit.
 */
import { write, writeSync } from 'node:fs'
import { jsonLine } from './json-line.js'
import { closeTarget, type Target } from './log-target.js'

/** What may wait, in bytes: the records of thousands of connections that one deadline ends. The rest is for what the log has to say besides records. */
const MOST_RECORD_BYTES = 4 * 1024 * 1024
const MOST_BYTES = MOST_RECORD_BYTES + 256 * 1024
/** Lines are gathered this long (ms). */
const GATHER_MS = 5
/** A full pipe is tried again this soon, then after twice that, up to the longest (ms). */
const FIRST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 50
/** Disks that are full and readers that are gone do not come back in a moment (ms). */
const FAULT_PAUSE_MS = 1000
/** Losses that go on are told of this often (ms). */
const TELL_EVERY_MS = 10_000
/** What a last flush may take of a target that does not take it (ms). */
const LAST_FLUSH_MS = 1000
const NEWLINE = 10

/** Whole lines that are written together. */
interface Chunk {
  readonly bytes: Buffer
  /** Of which so many are lines. */
  length: number
}

export type LineKind = 'record' | 'other'

const open = new Set<Sink>()
const clock = new Int32Array(new SharedArrayBuffer(4))

export class Sink {
  #target: Target
  /** To go on with as soon as nothing is being written. */
  #next: Target | undefined
  /** Oldest first. */
  #chunks: Chunk[] = []
  /** Of all chunks, and of the batch. */
  #bytes = 0
  /** Taken from the chunks and being written; what is before `#written` is done. */
  #batch: Chunk | undefined
  /** The last one that was written, to be filled again. */
  #spare: Buffer | undefined
  #written = 0
  /** A thread has the batch. */
  #isWriting = false
  #timer: NodeJS.Timeout | undefined
  /** The target takes nothing; the timer is to try again. */
  #isPaused = false
  #pauseMs = 0
  #lost: Record<LineKind, number> = { record: 0, other: 0 }
  #toldAt = Number.NEGATIVE_INFINITY
  #whenIdle: (() => void) | undefined
  #isClosed = false
  /** Closed, and nothing is written any more. */
  #isOver = false

  constructor(target: Target) {
    this.#target = target
    if (open.size === 0) process.on('exit', flushAll)
    open.add(this)
  }

  /** `line` is one, with its end. False where it is lost. */
  write(line: string, kind: LineKind): boolean {
    const bytes = Buffer.from(line)
    return this.writeBytes(bytes, bytes.length, kind)
  }

  /** The line is the first `length` of `bytes`, which are the caller's again at once. */
  writeBytes(bytes: Buffer, length: number, kind: LineKind): boolean {
    const most = kind === 'record' ? MOST_RECORD_BYTES : MOST_BYTES
    if (this.#isClosed || this.#bytes + length > most) {
      this.#lost[kind]++
      return false
    }
    const chunk = this.#chunkFor(length)
    bytes.copy(chunk.bytes, chunk.length, 0, length)
    chunk.length += length
    this.#bytes += length
    this.#timer ??= this.#wait(GATHER_MS)
    return true
  }

  /** What is not written yet goes to `target`; the one before is closed. */
  switchTo(target: Target): void {
    if (this.#isOver) {
      closeTarget(target)
      return
    }
    if (this.#next !== undefined) closeTarget(this.#next)
    this.#next = target
    if (!this.#isWriting) this.#proceed()
  }

  /** Resolves when everything is written or has waited for long enough. What comes later is lost. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#idle()
    this.#isOver = true
    clearTimeout(this.#timer)
    open.delete(this)
    if (open.size === 0) process.off('exit', flushAll)
    if (!this.#isWriting) this.#closeTargets()
  }

  /** At an exit: nobody else runs any more. */
  flushAtExit(): void {
    this.#flushNow(LAST_FLUSH_MS)
  }

  /** The last one, where so much more goes in; a line that is longer than a chunk has one of its own. */
  #chunkFor(length: number): Chunk {
    const last = this.#chunks.at(-1)
    if (last !== undefined && last.length + length <= last.bytes.length) return last
    const spare = this.#spare
    this.#spare = undefined
    const { chunkBytes } = this.#target
    const isFit = spare !== undefined && spare.length === chunkBytes && length <= chunkBytes
    const chunk = { bytes: isFit ? spare : Buffer.allocUnsafeSlow(Math.max(chunkBytes, length)), length: 0 }
    this.#chunks.push(chunk)
    return chunk
  }

  #wait(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#proceed(), ms).unref()
  }

  /** Writes as long as there is something to write and somebody takes it. */
  #proceed(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isPaused = false
    if (!this.#isWriting) this.#exchange()
    while (!this.#isWriting && !this.#isPaused && this.#take()) {
      if (this.#target.isFile) this.#writeInBackground()
      else this.#writeNow()
    }
    if (this.#bytes === 0) this.#whenIdle?.()
  }

  /** Who was written half is written whole to the new target. */
  #exchange(): void {
    if (this.#next === undefined) return
    closeTarget(this.#target)
    this.#target = this.#next
    this.#next = undefined
    if (this.#batch === undefined) return
    const lineStart = this.#written === 0 ? 0 : this.#batch.bytes.lastIndexOf(NEWLINE, this.#written - 1) + 1
    this.#bytes += this.#written - lineStart
    this.#written = lineStart
  }

  /** Whether there is a batch to write. */
  #take(): boolean {
    if (this.#batch !== undefined) return true
    this.#batch = this.#chunks.shift()
    this.#written = 0
    return this.#batch !== undefined
  }

  /** Never waits: the target is non-blocking. */
  #writeNow(): void {
    try {
      this.#wrote(this.#writeRest(this.#batch!))
    } catch (error) {
      this.#pause(error as NodeJS.ErrnoException)
    }
  }

  #writeInBackground(): void {
    this.#isWriting = true
    const batch = this.#batch!
    write(this.#target.fd, batch.bytes, this.#written, batch.length - this.#written, null, (error, count) => {
      this.#isWriting = false
      if (error === null) this.#wrote(count)
      else this.#pause(error)
      if (this.#isOver) this.#closeTargets()
      else if (this.#next !== undefined || !this.#isPaused) this.#proceed()
    })
  }

  #wrote(count: number): void {
    this.#pauseMs = 0
    this.#bytes -= count
    this.#written += count
    if (this.#written === this.#batch!.length) {
      this.#spare = this.#batch!.bytes
      this.#batch = undefined
    }
    this.#tellLosses()
  }

  #writeRest({ bytes, length }: Chunk): number {
    return writeSync(this.#target.fd, bytes, this.#written, length - this.#written)
  }

  #pause({ code }: NodeJS.ErrnoException): void {
    this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2), LONGEST_PAUSE_MS)
    this.#isPaused = true
    clearTimeout(this.#timer)
    this.#timer = this.#wait(code === 'EAGAIN' ? this.#pauseMs : FAULT_PAUSE_MS)
  }

  #closeTargets(): void {
    closeTarget(this.#target)
    if (this.#next !== undefined) closeTarget(this.#next)
  }

  #tellLosses(): void {
    const { record: records, other: others } = this.#lost
    if (records + others === 0) return
    const now = performance.now()
    if (this.#bytes > 0 && now - this.#toldAt < TELL_EVERY_MS) return
    this.#toldAt = now
    this.#lost = { record: 0, other: 0 }
    const message = `the log was not taken as fast as it was written: ${records + others} lines are lost`
    this.write(jsonLine('warn', { records, others }, message), 'other')
  }

  async #idle(): Promise<void> {
    if (this.#bytes === 0) return
    let deadline: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve
      deadline = setTimeout(resolve, LAST_FLUSH_MS)
      this.#proceed()
    })
    clearTimeout(deadline)
    this.#whenIdle = undefined
  }

  /** Here and now, for at most `mostMs`. What a thread has is written by that thread, before the process ends. */
  #flushNow(mostMs: number): void {
    const giveUpAt = performance.now() + mostMs
    if (this.#isWriting) this.#batch = undefined
    while (this.#take()) {
      try {
        this.#wrote(this.#writeRest(this.#batch!))
      } catch (error) {
        const isFull = (error as NodeJS.ErrnoException).code === 'EAGAIN'
        if (!isFull || performance.now() >= giveUpAt) return
        Atomics.wait(clock, 0, 0, FIRST_PAUSE_MS)
      }
    }
  }
}

function flushAll(): void {
  for (const sink of open) sink.flushAtExit()
}

/**
 * Lines on their way to a target. They are written a few ms later, and nobody waits for it. A target that
 * takes nothing costs lines, never time: the bytes that may wait are limited. Further lines are lost and
 * counted. A warning tells how many as soon as the target takes lines again. A line is written whole, to one
 * target. At an exit no line is lost while somebody reads.
 */
import { write, writeSync } from 'node:fs'
import { jsonLine } from './json-line.js'
import { closeTarget, type Target } from './log-target.js'

/**
 * Bytes that may wait: room for the records of thousands of connections that one deadline ends. The rest is
 * for the other lines of the log.
 */
const MOST_RECORD_BYTES = 4 * 1024 * 1024
const MOST_BYTES = MOST_RECORD_BYTES + 256 * 1024
/** ms in which lines are gathered. */
const GATHER_MS = 5
/** ms until a full pipe is tried again. The pause doubles up to the longest. */
const FIRST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 50
/** ms until a full disk, or a pipe without a reader, is tried again. Neither recovers in a moment. */
const FAULT_PAUSE_MS = 1000
/** ms between two warnings about losses that go on. */
const TELL_EVERY_MS = 10_000
/** ms that the last flush may wait for a target that takes nothing. */
const LAST_FLUSH_MS = 1000
const NEWLINE = 10

/** Records of one kind. They count when a write of them is done, or when they are lost. */
export interface RecordTally {
  written: number
  dropped: number
}

/** Whole lines that are written together. */
interface Chunk {
  readonly bytes: Buffer
  /** The first `length` bytes are lines. */
  length: number
  /** The tally of each record inside. */
  readonly records: RecordTally[]
}

export type LineKind = 'record' | 'other'

const open = new Set<Sink>()
const clock = new Int32Array(new SharedArrayBuffer(4))

export class Sink {
  /** The form of the lines that the sink itself writes. */
  show: (line: string) => string = (line) => line
  #target: Target
  /** The target to use as soon as no write is under way. */
  #next: Target | undefined
  /** Oldest first. */
  #chunks: Chunk[] = []
  /** Of all chunks, and of the rest of the batch. */
  #bytes = 0
  /** Taken from the chunks to be written. The bytes before `#written` are done. */
  #batch: Chunk | undefined
  /** The memory of the last batch, to be filled again. */
  #spare: Buffer | undefined
  #written = 0
  /** A thread is writing the batch. */
  #isWriting = false
  #timer: NodeJS.Timeout | undefined
  /** The target takes nothing. The timer will try again. */
  #isPaused = false
  #pauseMs = 0
  #lost: Record<LineKind, number> = { record: 0, other: 0 }
  #toldAt = Number.NEGATIVE_INFINITY
  #whenIdle: (() => void) | undefined
  #isClosed = false
  /** Closed, and nothing more will be written. */
  #isOver = false

  constructor(target: Target) {
    this.#target = target
    if (open.size === 0) process.on('exit', flushAll)
    open.add(this)
  }

  get fd(): number {
    return this.#target.fd
  }

  /** `line` is one line with its newline. False: it is lost. */
  write(line: string, kind: LineKind, tally?: RecordTally): boolean {
    const bytes = Buffer.from(line)
    return this.writeBytes(bytes, bytes.length, kind, tally)
  }

  /** The line is the first `length` of `bytes`. The caller may use `bytes` again at once. A record has a tally. */
  writeBytes(bytes: Buffer, length: number, kind: LineKind, tally?: RecordTally): boolean {
    const most = kind === 'record' ? MOST_RECORD_BYTES : MOST_BYTES
    if (this.#isClosed || this.#bytes + length > most) {
      this.#lost[kind]++
      if (tally !== undefined) tally.dropped++
      return false
    }
    const chunk = this.#chunkFor(length)
    if (tally !== undefined) chunk.records.push(tally)
    bytes.copy(chunk.bytes, chunk.length, 0, length)
    chunk.length += length
    this.#bytes += length
    this.#timer ??= this.#wait(GATHER_MS)
    return true
  }

  /** Lines that are not written yet go to `target`. The old target is closed. */
  switchTo(target: Target): void {
    if (this.#isOver) {
      closeTarget(target)
      return
    }
    if (this.#next !== undefined) closeTarget(this.#next)
    this.#next = target
    if (!this.#isWriting) this.#proceed()
  }

  /**
   * Resolves when everything is in the file, or after a second. Another thread writes to files. At an exit, lines that come later could
   * get there before those that this thread has.
   */
  async flush(): Promise<void> {
    if (this.#target.isFile) await this.#idle()
  }

  /** Resolves when everything is written, or after a second. Later lines are lost. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#idle()
    this.#isOver = true
    for (const chunk of this.#batch === undefined ? this.#chunks : [this.#batch, ...this.#chunks])
      for (const tally of chunk.records) tally.dropped++
    clearTimeout(this.#timer)
    open.delete(this)
    if (open.size === 0) process.off('exit', flushAll)
    if (!this.#isWriting) this.#closeTargets()
  }

  /** At an exit, when no other code runs any more. */
  flushAtExit(): void {
    this.#flushNow(LAST_FLUSH_MS)
  }

  /** The last chunk, if the line fits in. A line that is longer than a chunk gets one of its own. */
  #chunkFor(length: number): Chunk {
    const last = this.#chunks.at(-1)
    if (last !== undefined && last.length + length <= last.bytes.length) return last
    const spare = this.#spare
    this.#spare = undefined
    const { chunkBytes } = this.#target
    const isFit = spare !== undefined && spare.length === chunkBytes && length <= chunkBytes
    const bytes = isFit ? spare : Buffer.allocUnsafeSlow(Math.max(chunkBytes, length))
    const chunk: Chunk = { bytes, length: 0, records: [] }
    this.#chunks.push(chunk)
    return chunk
  }

  #wait(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#proceed(), ms).unref()
  }

  /** Writes as long as there are lines and the target takes them. */
  #proceed(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isPaused = false
    if (!this.#isWriting) this.#exchange()
    while (!this.#isWriting && !this.#isPaused && this.#take()) {
      if (this.#target.isFile) this.#writeInBackground()
      else this.#writeNow()
    }
    if (this.#bytes > 0) return
    this.#whenIdle?.()
    this.#whenIdle = undefined
  }

  /** A line that was half written is written whole to the new target. */
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

  /** The target is non-blocking, so this never waits. */
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
      for (const tally of this.#batch!.records) tally.written++
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
    this.write(this.show(jsonLine('warn', { records, others }, message)), 'other')
  }

  async #idle(): Promise<void> {
    if (this.#bytes === 0) return
    let deadline: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      const earlier = this.#whenIdle
      this.#whenIdle = () => {
        earlier?.()
        resolve()
      }
      deadline = setTimeout(resolve, LAST_FLUSH_MS)
      this.#proceed()
    })
    clearTimeout(deadline)
  }

  /**
   * Writes at once, for at most `mostMs`. If a thread has the batch, the thread writes it before the process
   * ends.
   */
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

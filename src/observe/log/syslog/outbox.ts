/**
 * Messages on their way to a receiver of syslog. Nobody waits for it, and a receiver that is slow or gone costs messages, never time.
 * What may wait is limited, and what is lost is counted.
 */
import type { Datagrams } from '../../../io/datagrams.js'

/** Bytes that may wait. That is about a thousand records. */
const MOST_BYTES = 1024 * 1024
/** ms until a full receiver is tried again. The pause doubles up to the longest. */
const FIRST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 100
/** ms that the last messages may wait for a full receiver. */
const LAST_MS = 1000
/** Messages that the kernel may have at the same time. */
const MOST_IN_FLIGHT = 256
/** For the moment there is no room in a queue of the receiver or of this process, or no file descriptor. */
const FULL = new Set(['EAGAIN', 'ENOBUFS', 'EMFILE', 'ENFILE'])

export interface Tally {
  sent: number
  dropped: number
}

const open = new Set<Outbox>()

export class Outbox {
  readonly #datagrams: Datagrams
  readonly #waiting: Buffer[] = []
  /** Of those that wait, and of those that are being sent. */
  #bytes = 0
  #inFlight = 0
  #timer: NodeJS.Timeout | undefined
  #pauseMs = 0
  #whenIdle: (() => void) | undefined
  #isClosed = false
  readonly #tally: Tally

  constructor(datagrams: Datagrams, tally: Tally) {
    this.#datagrams = datagrams
    this.#tally = tally
    if (open.size === 0) process.on('exit', sendTheLast)
    open.add(this)
  }

  put(message: Buffer): void {
    if (this.#isClosed || this.#bytes + message.length > MOST_BYTES) {
      this.#tally.dropped++
      return
    }
    this.#bytes += message.length
    this.#waiting.push(message)
    if (this.#timer === undefined) this.send()
  }

  /** Sends as long as there are messages and the receiver takes them. */
  send(mostInFlight = MOST_IN_FLIGHT): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (this.#inFlight < mostInFlight && this.#timer === undefined && this.#waiting.length > 0) {
      const message = this.#waiting.shift()!
      let isAtOnce = true
      this.#inFlight++
      this.#datagrams.send(message, (errno) => {
        this.#answered(message, errno)
        if (!isAtOnce) this.send()
      })
      isAtOnce = false
    }
    if (this.#bytes === 0) this.#whenIdle?.()
  }

  /** Resolves when every message is sent or lost, or after a second. Later ones are lost. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#bytes > 0) await this.#idle()
    clearTimeout(this.#timer)
    open.delete(this)
    if (open.size === 0) process.off('exit', sendTheLast)
    this.#tally.dropped += this.#waiting.length
    this.#waiting.length = 0
    this.#datagrams.close()
  }

  #answered(message: Buffer, errno: string): void {
    this.#inFlight--
    if (FULL.has(errno)) {
      this.#waiting.unshift(message)
      this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2), LONGEST_PAUSE_MS)
      this.#timer ??= setTimeout(() => this.send(), this.#pauseMs).unref()
      return
    }
    this.#pauseMs = 0
    this.#bytes -= message.length
    if (errno === '') this.#tally.sent++
    else this.#tally.dropped++
  }

  async #idle(): Promise<void> {
    let deadline: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve
      deadline = setTimeout(resolve, LAST_MS)
      this.send()
    })
    clearTimeout(deadline)
  }
}

/** At an exit. What the kernel does not take at once is lost. It answers nobody any more, so the number in flight has no limit. */
function sendTheLast(): void {
  for (const outbox of open) outbox.send(Number.POSITIVE_INFINITY)
}

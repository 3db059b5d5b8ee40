/**
 * Watches what a Postgres server says until its client may send queries. It looks for the key by which the
 * session can be cancelled (PostgreSQL documentation, "Message Formats": BackendKeyData). It reads the heads
 * of messages and keeps only that key. It gives up at the first message that has no place in a start-up.
 */
import { MOST_KEY_BYTES, PID_BYTES, sessionName } from './first-packet.js'

const HEAD_BYTES = 5
/** The length of a message includes itself, but not the type. */
const LENGTH_BYTES = 4
/** Authentication, BackendKeyData, NoticeResponse, ParameterStatus, NegotiateProtocolVersion. */
const START_UP_TYPES: ReadonlySet<number> = new Set(Buffer.from('RKNSv'))
const BACKEND_KEY_DATA = 'K'.charCodeAt(0)
const MOST_MESSAGE_BYTES = 64 * 1024
/** A start-up has a few KiB. If it is not over after this many bytes, it is no start-up. */
const MOST_START_UP_BYTES = 1024 ** 2

export class KeyWatch {
  #isOver = false
  #head = Buffer.alloc(0)
  #key = Buffer.alloc(0)
  /** Bytes still to come of the message whose head was read. */
  #rest = 0
  #seenBytes = 0
  readonly #found: (session: string) => void

  /** Calls `found` with the name of the session, once, if there is a key. */
  constructor(found: (session: string) => void) {
    this.#found = found
  }

  /** Takes the next bytes of the server. Returns true once it needs to see no more. */
  show(bytes: Buffer): boolean {
    this.#seenBytes += bytes.length
    for (let at = 0; at < bytes.length && !this.#isOver; ) {
      at += this.#rest > 0 ? this.#passBody(bytes.subarray(at)) : this.#passHead(bytes.subarray(at))
    }
    return this.#isOver || this.#seenBytes > MOST_START_UP_BYTES
  }

  #passHead(bytes: Buffer): number {
    const taken = bytes.subarray(0, HEAD_BYTES - this.#head.length)
    this.#head = Buffer.concat([this.#head, taken])
    if (this.#head.length === HEAD_BYTES || !START_UP_TYPES.has(this.#head[0]!)) this.#judgeHead()
    return taken.length
  }

  #judgeHead(): void {
    const bytes = this.#head.length < HEAD_BYTES ? -1 : this.#head.readUInt32BE(1) - LENGTH_BYTES
    const isKey = this.#head[0] === BACKEND_KEY_DATA
    const [least, most] = isKey ? [PID_BYTES + 1, PID_BYTES + MOST_KEY_BYTES] : [0, MOST_MESSAGE_BYTES]
    if (!START_UP_TYPES.has(this.#head[0]!) || bytes < least || bytes > most) this.#isOver = true
    this.#rest = bytes
    if (bytes === 0) this.#head = Buffer.alloc(0)
  }

  #passBody(bytes: Buffer): number {
    const taken = bytes.subarray(0, this.#rest)
    this.#rest -= taken.length
    const isKey = this.#head[0] === BACKEND_KEY_DATA
    if (isKey) this.#key = Buffer.concat([this.#key, taken])
    if (this.#rest === 0) this.#head = Buffer.alloc(0)
    if (isKey && this.#rest === 0) {
      this.#isOver = true
      this.#found(sessionName(this.#key))
    }
    return taken.length
  }
}

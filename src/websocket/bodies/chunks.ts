/**
 * A chunked body (RFC 9112 section 7.1): where it ends, and what of it is passed on. Pure. A line is passed
 * on once it is complete and right, so that no later reader sees a line that was refused here. Padding and
 * leading zeros of a size are dropped. So are extensions with white space, and trailer fields that must not
 * be there. Everything else is passed on as it came.
 */
import type { Sender } from '../heads/fields.js'
import { MOST_FIELDS, wrongField } from '../heads/head.js'
import { isDroppedTrailer } from './trailers.js'

/** What a body made of the bytes that it was given. */
export interface Taken {
  /** How many of them belong to it. Fewer than there were only if it is over or broken. */
  readonly bytes: number
  /** What is passed on for them. May share their memory. */
  readonly passed: Buffer
}

/** Which line comes next, or that data comes next. */
type Place = 'size' | 'data' | 'data-end' | 'trailer' | 'over' | 'broken'

const LF = 10
const CRLF = '\r\n'
/** Most bytes of extensions and trailers in one body, and of one line. They cost and serve nothing here. */
const MOST_ASIDE_BYTES = 16 * 1024
/**
 * A size above 2^52 bytes is an attack. So are zeros or white space without end. White space belongs before
 * an extension, and nowhere else.
 */
const SIZE = /^0{0,256}([0-9a-f]{1,13})(?:[ \t]{0,256}(;[\t\x20-\x7e\x80-\xff]*))?\r\n$/i
/** Some servers reserve room for the size and fill it with spaces. */
const PADDED_SIZE = /^0{0,256}([0-9a-f]{1,13})[ \t]{0,256}(;[\t\x20-\x7e\x80-\xff]*)?\r\n$/i
const SIZE_SO_FAR = /^(?:[0-9a-f]{1,269}[ \t]{0,256}(?:;[\t\x20-\x7e\x80-\xff]*)?\r?)?$/i

export class Chunks {
  readonly #size: RegExp
  #place: Place = 'size'
  /** Bytes left of the present chunk. */
  #left = 0
  /** The present line, as far as it has come. */
  #line = ''
  #asideBytes = 0
  #trailerFields = 0

  constructor(sender: Sender) {
    this.#size = sender === 'backend' ? PADDED_SIZE : SIZE
  }

  get isOver(): boolean {
    return this.#place === 'over'
  }

  get isBroken(): boolean {
    return this.#place === 'broken'
  }

  take(bytes: Buffer): Taken {
    const pieces: Buffer[] = []
    let at = 0
    /** From here to `at`, bytes are passed on as they came. */
    let same = 0
    while (at < bytes.length && !this.isOver && !this.isBroken) {
      if (this.#place === 'data') {
        at += this.#takeData(bytes.length - at)
        continue
      }
      const end = bytes.indexOf(LF, at) + 1 || bytes.length
      const came = bytes.toString('latin1', at, end)
      const passed = this.#takeLine(came)
      if (passed !== came) {
        pieces.push(bytes.subarray(same, at), Buffer.from(passed, 'latin1'))
        same = end
      }
      at = end
    }
    const rest = bytes.subarray(same, at)
    return { bytes: at, passed: pieces.length === 0 ? rest : Buffer.concat([...pieces, rest]) }
  }

  #takeData(available: number): number {
    const taken = Math.min(available, this.#left)
    this.#left -= taken
    if (this.#left === 0) this.#place = 'data-end'
    return taken
  }

  /** Takes more of a line, or the rest of it. Returns what is passed on now. */
  #takeLine(came: string): string {
    const line = this.#line + came
    if (!line.endsWith('\n')) {
      this.#line = line
      if (this.#isHopeless(line)) this.#place = 'broken'
      return ''
    }
    this.#line = ''
    const passed = this.#readLine(line)
    if (passed === undefined) this.#place = 'broken'
    return passed ?? ''
  }

  /** Whether no further bytes could make the line right. */
  #isHopeless(line: string): boolean {
    if (line.length > MOST_ASIDE_BYTES) return true
    if (this.#place === 'size') return !SIZE_SO_FAR.test(line)
    if (this.#place === 'data-end') return !CRLF.startsWith(line)
    return wrongField(line.endsWith('\r') ? line.slice(0, -1) : line, false) !== undefined
  }

  /** Returns what is passed on for a complete line. Undefined if the line is wrong. */
  #readLine(line: string): string | undefined {
    if (this.#place === 'size') return this.#readSize(line)
    if (this.#place === 'trailer') return this.#readTrailer(line)
    this.#place = 'size'
    return line === CRLF ? line : undefined
  }

  #readSize(line: string): string | undefined {
    const [, digits, extension = ''] = this.#size.exec(line) ?? []
    if (digits === undefined || !this.#mayCost(extension.length)) return undefined
    this.#left = Number.parseInt(digits, 16)
    this.#place = this.#left === 0 ? 'trailer' : 'data'
    // An extension means something only to a reader that knows it. It need not be passed on (RFC 9112 section
    // 7.1.1).
    return `${digits}${/[ \t]/.test(extension) ? '' : extension}${CRLF}`
  }

  #readTrailer(line: string): string | undefined {
    if (line === CRLF) {
      this.#place = 'over'
      return line
    }
    const field = line.slice(0, -CRLF.length)
    const isRight = line.endsWith(CRLF) && wrongField(field, true) === undefined
    if (!isRight || ++this.#trailerFields > MOST_FIELDS || !this.#mayCost(line.length)) return undefined
    return isDroppedTrailer(field.slice(0, field.indexOf(':'))) ? '' : line
  }

  #mayCost(bytes: number): boolean {
    this.#asideBytes += bytes
    return this.#asideBytes <= MOST_ASIDE_BYTES
  }
}

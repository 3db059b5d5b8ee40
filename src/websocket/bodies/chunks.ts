/**
 * A chunked body (RFC 9112 section 7.1): where it ends, and what of it goes on. Pure. A line is passed on once it is
 * whole and right, so that nobody behind reads one that was refused here. Padding and leading zeros of a size are
 * dropped, and so are extensions with white space and trailer fields that must not be there; everything else goes on as
 * it came.
 */
import type { Sender } from '../heads/fields.js'
import { MOST_FIELDS, wrongField } from '../heads/head.js'
import { isDroppedTrailer } from './trailers.js'

/** What became of bytes that were given to a body. */
export interface Taken {
  /** How many of them belong to it. Fewer than there were only where it is over or broken. */
  readonly bytes: number
  /** What goes on for them; may share their memory. */
  readonly passed: Buffer
}

/** Which line comes next, or that data does. */
type Place = 'size' | 'data' | 'data-end' | 'trailer' | 'over' | 'broken'

const LF = 10
const CRLF = '\r\n'
/** Extensions and trailers of one body: they serve no purpose here, and cost. A single line, too. */
const MOST_ASIDE_BYTES = 16 * 1024
/**
 * More than 2^52 bytes is no size but an attack, and so are zeros or white space without end. White space belongs before
 * an extension, and nowhere else.
 */
const SIZE = /^0{0,256}([0-9a-f]{1,13})(?:[ \t]{0,256}(;[\t\x20-\x7e\x80-\xff]*))?\r\n$/i
/** Some servers reserve room for the size and fill it with spaces. */
const PADDED_SIZE = /^0{0,256}([0-9a-f]{1,13})[ \t]{0,256}(;[\t\x20-\x7e\x80-\xff]*)?\r\n$/i
const SIZE_SO_FAR = /^(?:[0-9a-f]{1,269}[ \t]{0,256}(?:;[\t\x20-\x7e\x80-\xff]*)?\r?)?$/i

export class Chunks {
  readonly #size: RegExp
  #place: Place = 'size'
  /** Of the chunk at hand. */
  #left = 0
  /** As far as it has come. */
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
    /** From here to `at` it goes on as it came. */
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

  /** More of a line, or the rest of it; what goes on now. */
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

  /** No end could make it right. */
  #isHopeless(line: string): boolean {
    if (line.length > MOST_ASIDE_BYTES) return true
    if (this.#place === 'size') return !SIZE_SO_FAR.test(line)
    if (this.#place === 'data-end') return !CRLF.startsWith(line)
    return wrongField(line.endsWith('\r') ? line.slice(0, -1) : line, false) !== undefined
  }

  /** What goes on for a whole line; undefined where it is wrong. */
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
    // Which only means something to whoever knows it, and need not go on (RFC 9112 section 7.1.1).
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

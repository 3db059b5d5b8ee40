/**
 * Where the body of a request or response ends (RFC 9112 section 6), so that exactly it is passed on and nothing
 * that follows. Pure. Chunks are read strictly and passed on as they came.
 */
import type { ResponseHead } from './response-head.js'

type Framing = Pick<ResponseHead, 'bodyKind' | 'contentLength'>

/** Where in a chunked body the next byte is. */
type Place = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailer' | 'over' | 'broken'

const CR = 13
const LF = 10
const SEMICOLON = 59
/** 2^52 bytes, as hexadecimal digits: more is no size but an attack. */
const MOST_SIZE_DIGITS = 13
/** Extensions and trailers of one body: they serve no purpose here, and cost. */
const MOST_ASIDE_BYTES = 16 * 1024

export class Body {
  readonly #kind: Framing['bodyKind']
  /** Of the body, or of the chunk at hand. */
  #left: number
  #place: Place = 'size'
  #digits = 0
  #aside = 0
  /** Of the line of the trailer at hand. */
  #line = ''

  constructor({ bodyKind, contentLength }: Framing) {
    this.#kind = bodyKind
    this.#left = contentLength
  }

  /** Whether all of it was seen; one that ends with its connection is over only then. */
  get isOver(): boolean {
    if (this.#kind === 'chunked') return this.#place === 'over'
    return this.#kind === 'none' || (this.#kind === 'length' && this.#left === 0)
  }

  /** Whether its end may be that of the connection. */
  get endsWithConnection(): boolean {
    return this.#kind === 'close'
  }

  get isBroken(): boolean {
    return this.#place === 'broken'
  }

  /** How many of the next bytes belong to it. Fewer than there are only where it is over or broken. */
  take(bytes: Buffer): number {
    if (this.#kind === 'close') return bytes.length
    if (this.#kind === 'none') return 0
    if (this.#kind === 'chunked') return this.#takeChunks(bytes)
    const taken = Math.min(bytes.length, this.#left)
    this.#left -= taken
    return taken
  }

  #takeChunks(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length && this.#place !== 'over' && this.#place !== 'broken') {
      if (this.#place === 'data') at += this.#takeData(bytes.length - at)
      else this.#place = this.#next(bytes[at++]!)
    }
    return at
  }

  #takeData(available: number): number {
    const taken = Math.min(available, this.#left)
    this.#left -= taken
    if (this.#left === 0) this.#place = 'data-cr'
    return taken
  }

  #next(byte: number): Place {
    switch (this.#place) {
      case 'size':
        return this.#readSize(byte)
      case 'extension':
        return byte === CR ? 'size-lf' : this.#passAside(byte, 'extension')
      case 'size-lf':
        if (byte !== LF) return 'broken'
        this.#digits = 0
        return this.#left === 0 ? 'trailer' : 'data'
      case 'data-cr':
        return byte === CR ? 'data-lf' : 'broken'
      case 'data-lf':
        return byte === LF ? 'size' : 'broken'
      default:
        return this.#readTrailer(byte)
    }
  }

  #readSize(byte: number): Place {
    const digit = Number.parseInt(String.fromCharCode(byte), 16)
    if (!Number.isNaN(digit)) {
      this.#left = (this.#digits === 0 ? 0 : this.#left) * 16 + digit
      this.#digits++
      return this.#digits > MOST_SIZE_DIGITS ? 'broken' : 'size'
    }
    if (this.#digits === 0) return 'broken'
    if (byte === SEMICOLON) return 'extension'
    return byte === CR ? 'size-lf' : 'broken'
  }

  /** The line that ends the trailer is empty. */
  #readTrailer(byte: number): Place {
    if (byte === LF) {
      if (!this.#line.endsWith('\r')) return 'broken'
      const isLast = this.#line === '\r'
      this.#line = ''
      return isLast ? 'over' : 'trailer'
    }
    if (this.#line.endsWith('\r')) return 'broken'
    this.#line += String.fromCharCode(byte)
    return byte === CR ? 'trailer' : this.#passAside(byte, 'trailer')
  }

  #passAside(byte: number, place: Place): Place {
    const isText = byte === 9 || (byte >= 32 && byte !== 127)
    return isText && ++this.#aside <= MOST_ASIDE_BYTES ? place : 'broken'
  }
}

/**
 * Composes a line of JSON as bytes, in memory that the next line uses again. Records are many, and a line
 * that is put together from strings leaves every part as garbage.
 */
import { jsonText } from '../../escape.js'

const FIRST_BYTES = 4096
/** Bytes of UTF-8 for one UTF-16 unit. */
const MOST_BYTES_PER_CHAR = 3
/** Room for quotes and numbers that is always there. */
const SPARE_BYTES = 32
/** Smaller numbers are written digit by digit. Larger ones are rare, so `String` writes them. */
const FEW_DIGITS = 1e9
const MICROS_PER_MS = 1000
const SPACE = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c
const LAST_ASCII = 0x7f
const ZERO = 0x30
const POINT = 0x2e

export class LineBytes {
  /** The first `length` bytes are the line. */
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  length = 0

  begin(): this {
    this.length = 0
    return this
  }

  /** Adds a text that is JSON already. */
  json(text: string): this {
    const bytes = this.#room(text.length * MOST_BYTES_PER_CHAR)
    const start = this.length
    this.length += text.length
    for (let i = 0; i < text.length; i++) {
      const char = text.charCodeAt(i)
      if (char > LAST_ASCII) {
        this.length = start + bytes.write(text, start)
        break
      }
      bytes[start + i] = char
    }
    return this
  }

  /** Adds a string, in quotes. */
  quoted(text: string): this {
    const bytes = this.#room(text.length)
    let at = this.length
    bytes[at++] = QUOTE
    for (let i = 0; i < text.length; i++) {
      const char = text.charCodeAt(i)
      const isPlain = char >= SPACE && char < LAST_ASCII && char !== QUOTE && char !== BACKSLASH
      if (!isPlain) return this.json(jsonText(text))
      bytes[at++] = char
    }
    bytes[at++] = QUOTE
    this.length = at
    return this
  }

  /** Adds a whole number from 0. */
  whole(number: number): this {
    return number < FEW_DIGITS ? this.digits(number, countDigits(number)) : this.json(String(number))
  }

  /** Adds whole µs as ms, with as many decimals as needed. */
  micros(micros: number): this {
    this.whole(Math.floor(micros / MICROS_PER_MS))
    let rest = micros % MICROS_PER_MS
    if (rest === 0) return this
    let digits = 3
    for (; rest % 10 === 0; digits--) rest /= 10
    this.bytes[this.length++] = POINT
    return this.digits(rest, digits)
  }

  /** Adds the last `count` digits of a whole number below a thousand million. */
  digits(number: number, count: number): this {
    const bytes = this.#room(0)
    this.length += count
    let rest = number
    for (let at = this.length - 1; at >= this.length - count; at--) {
      bytes[at] = ZERO + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    return this
  }

  #room(more: number): Buffer {
    const needed = this.length + more + SPARE_BYTES
    if (needed <= this.bytes.length) return this.bytes
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
    return grown
  }
}

function countDigits(number: number): number {
  let digits = 1
  for (let power = 10; power <= number; power *= 10) digits++
  return digits
}

/**
 * Reads big-endian numbers and length-prefixed vectors (RFC 8446 section 3) from bytes. It never reads past
 * their end. Missing bytes read as 0 or as an empty vector, and `isShort` is true from then on.
 */
export class Cursor {
  isShort = false
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** Reads a number of `size` bytes, 1 to 4. */
  number(size: number): number {
    return this.#has(size) ? this.#bytes.readUIntBE(this.#skip(size), size) : 0
  }

  take(size: number): Buffer {
    if (!this.#has(size)) return Buffer.alloc(0)
    const at = this.#skip(size)
    return this.#bytes.subarray(at, at + size)
  }

  /** Reads the bytes that follow a length of `size` bytes. */
  vector(size: number): Buffer {
    return this.take(this.number(size))
  }

  #has(size: number): boolean {
    if (this.#at + size > this.#bytes.length) this.isShort = true
    return !this.isShort
  }

  #skip(size: number): number {
    this.#at += size
    return this.#at - size
  }
}

/**
 * Reads big-endian numbers and length-prefixed vectors (RFC 8446 section 3) off bytes. It never reads past their
 * end: what is not there reads as nothing, and `isShort` says so from then on.
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

  /** Of `size` bytes, 1 to 4. */
  number(size: number): number {
    return this.#has(size) ? this.#bytes.readUIntBE(this.#skip(size), size) : 0
  }

  take(size: number): Buffer {
    if (!this.#has(size)) return Buffer.alloc(0)
    const at = this.#skip(size)
    return this.#bytes.subarray(at, at + size)
  }

  /** What follows a length of `size` bytes. */
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

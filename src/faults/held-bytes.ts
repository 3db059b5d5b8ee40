/** Bytes in order, each chunk with the time when it came. Pure. */

interface Chunk {
  readonly bytes: Buffer
  readonly at: number
}

export class HeldBytes {
  readonly #chunks: Chunk[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Length of the first chunk. 0: there is none. */
  get firstLength(): number {
    return this.#chunks[0]?.bytes.length ?? 0
  }

  /** When the first chunk came. Infinity: there is none. */
  get firstAt(): number {
    return this.#chunks[0]?.at ?? Number.POSITIVE_INFINITY
  }

  add(bytes: Buffer, at: number): void {
    if (bytes.length === 0) return
    this.#chunks.push({ bytes, at })
    this.#length += bytes.length
  }

  /** Takes exactly so many bytes, or all if there are fewer. */
  take(count: number): Buffer {
    const taken: Buffer[] = []
    let left = Math.min(count, this.#length)
    this.#length -= left
    while (left > 0) {
      const { bytes, at } = this.#chunks[0]!
      if (bytes.length <= left) this.#chunks.shift()
      else this.#chunks[0] = { bytes: bytes.subarray(left), at }
      taken.push(bytes.subarray(0, left))
      left -= Math.min(left, bytes.length)
    }
    return taken.length === 1 ? taken[0]! : Buffer.concat(taken)
  }

  clear(): void {
    this.#chunks.length = 0
    this.#length = 0
  }
}

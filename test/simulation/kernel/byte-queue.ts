/** Bytes in the order in which they came. */
const NOTHING = Buffer.alloc(0)

export class ByteQueue {
  #chunks: Buffer[] = []
  length = 0

  push(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.length += bytes.length
  }

  /** Returns at most `most` bytes from the beginning. They stay in the queue. */
  peek(most: number): Buffer {
    const found: Buffer[] = []
    let left = Math.min(most, this.length)
    for (const chunk of this.#chunks) {
      if (left === 0) break
      found.push(chunk.subarray(0, left))
      left -= found.at(-1)!.length
    }
    if (found.length > 1) return Buffer.concat(found)
    return found[0] ?? NOTHING
  }

  /** Takes at most `most` bytes from the beginning. */
  take(most: number): Buffer {
    const bytes = this.peek(most)
    this.length -= bytes.length
    let left = bytes.length
    while (left > 0) {
      const first = this.#chunks[0]!
      if (first.length > left) this.#chunks[0] = first.subarray(left)
      else this.#chunks.shift()
      left -= Math.min(left, first.length)
    }
    return bytes
  }

  /** Drops all but the first `kept` bytes. */
  cut(kept: number): void {
    const rest = this.take(kept)
    this.#chunks = []
    this.length = 0
    this.push(rest)
  }
}

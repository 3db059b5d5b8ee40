/**
 * Bytes that show where they belong: each depends on a seed and on its place. So lost, doubled or reordered bytes, and
 * bytes of another connection, all show as a difference.
 */

/** A prime number, so the pattern shifts against every buffer whose size is a power of two. */
export const PERIOD_BYTES = 65_521

const blocks = new Map<number, Buffer>()

/** Returns `length` bytes of the stream of `seed`, from `offset` on. */
export function pattern(seed: number, length: number, offset = 0): Buffer {
  const block = blockOf(seed)
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; ) {
    at += block.copy(bytes, at, (offset + at) % PERIOD_BYTES)
  }
  return bytes
}

/** Says where two streams begin to differ. Undefined if they are the same. */
export function difference(actual: Buffer, expected: Buffer): string | undefined {
  if (actual.equals(expected)) return undefined
  const shorter = Math.min(actual.length, expected.length)
  let at = 0
  while (at < shorter && actual[at] === expected[at]) at++
  return `${actual.length} bytes instead of ${expected.length}, first difference at ${at}`
}

/** A generator of numbers in [0, 1) (mulberry32). The same seed gives the same numbers. */
export function random(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function blockOf(seed: number): Buffer {
  let block = blocks.get(seed)
  if (block === undefined) {
    const next = random(seed)
    block = Buffer.from(Uint8Array.from({ length: PERIOD_BYTES }, () => next() * 256))
    blocks.set(seed, block)
  }
  return block
}

/**
 * Ids that are unique and sort by time: ULID (github.com/ulid/spec), 48 bits of ms and 80 random bits in
 * Crockford's base 32. Within one ms the random part counts up, so ids of one process keep their order.
 */
import { randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_LETTERS = 10
const HEAD_LETTERS = 12
/**
 * The last four letters count up. They begin in the lower half, which leaves half a million ids for each ms.
 */
const TAIL_BITS = 20
const PAIR_BITS = 10
/** Randomness is fetched for many ids at once. */
const POOL_BYTES = 4096
const BYTES_EACH = HEAD_LETTERS + 4

/** The two letters of each 10-bit number. */
const PAIRS = Array.from({ length: 1 << PAIR_BITS }, (_, bits) => ALPHABET[bits >> 5]! + ALPHABET[bits & 31])

export class UlidSource {
  #time = -1
  /** The time, and the random letters that stay the same within one ms. */
  #head = ''
  #tail = 0
  readonly #pool = new Uint8Array(POOL_BYTES)
  #poolAt = POOL_BYTES

  /**
   * The next id. `time` is in ms since 1970. If the clock goes back, ids keep the last time until it catches
   * up.
   */
  next(time = Date.now()): string {
    this.#tail++
    if (time > this.#time) this.#begin(time)
    else if (this.#tail >= 1 << TAIL_BITS) this.#begin(this.#time + 1)
    return this.#head + PAIRS[this.#tail >> PAIR_BITS] + PAIRS[this.#tail & ((1 << PAIR_BITS) - 1)]
  }

  #begin(time: number): void {
    if (this.#poolAt + BYTES_EACH > POOL_BYTES) {
      randomFillSync(this.#pool)
      this.#poolAt = 0
    }
    const random = this.#pool.subarray(this.#poolAt, this.#poolAt + BYTES_EACH)
    this.#poolAt += BYTES_EACH
    this.#time = time
    this.#head = timeLetters(time)
    for (let i = 0; i < HEAD_LETTERS; i++) this.#head += ALPHABET[random[i]! & 31]
    const bits = random.subarray(HEAD_LETTERS)
    this.#tail = ((bits[0]! << 16) | (bits[1]! << 8) | bits[2]!) & ((1 << (TAIL_BITS - 1)) - 1)
  }
}

function timeLetters(time: number): string {
  let letters = ''
  for (let left = time; letters.length < TIME_LETTERS; left = Math.floor(left / 32)) {
    letters = ALPHABET[left % 32] + letters
  }
  return letters
}

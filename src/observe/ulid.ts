/**
 * Ids that are unique and sort by time: ULID (github.com/ulid/spec), 48 bits of ms and 80 of randomness in
 * Crockford's base 32. Within one ms the random part counts up, so ids of one process keep their order.
 */
import { randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_LETTERS = 10
const RANDOM_LETTERS = 16

export class UlidSource {
  #time = -1
  readonly #random = new Uint8Array(RANDOM_LETTERS)

  /** The next id; `time` in ms since 1970. */
  next(time = Date.now()): string {
    if (time > this.#time) {
      this.#time = time
      randomFillSync(this.#random)
    } else {
      this.#increment()
    }
    return timeLetters(this.#time) + Array.from(this.#random, (byte) => ALPHABET[byte & 31]).join('')
  }

  #increment(): void {
    for (let i = RANDOM_LETTERS - 1; i >= 0; i--) {
      this.#random[i] = (this.#random[i]! + 1) & 31
      if (this.#random[i] !== 0) return
    }
  }
}

function timeLetters(time: number): string {
  let letters = ''
  for (let left = time; letters.length < TIME_LETTERS; left = Math.floor(left / 32)) {
    letters = ALPHABET[left % 32] + letters
  }
  return letters
}

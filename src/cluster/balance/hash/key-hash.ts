/**
 * The hash of a key, and of a backend's name: two lanes of 32 bits, each mixed as MurmurHash3 (x86, 32 bits) does. It is
 * the same in every process, version and machine: proxies beside each other must choose the same backend. Pure.
 */

/** First values of the two lanes. Any two different numbers do. */
const SEED_A = 0x9747b28c
const SEED_B = 0x85ebca6b

/** Bits of a double between 0 and 1. */
const LANE_A_SHIFT = 5
const LANE_B_SHIFT = 6
const TWO_26 = 2 ** 26
const TWO_53 = 2 ** 53

/** Kept and filled again, so that a pick makes no object. */
export class KeyHash {
  a = 0
  b = 0

  /** Of a text, by its UTF-16 units. */
  ofText(text: string): this {
    this.a = SEED_A
    this.b = SEED_B
    for (let index = 0; index < text.length; ++index) this.#add(text.charCodeAt(index))
    return this.#finish(text.length)
  }

  ofBytes(bytes: Uint8Array): this {
    this.a = SEED_A
    this.b = SEED_B
    for (const byte of bytes) this.#add(byte)
    return this.#finish(bytes.length)
  }

  #add(unit: number): void {
    this.a = round(this.a, unit)
    this.b = round(this.b, unit ^ 0x5bd1e995)
  }

  #finish(length: number): this {
    this.a = mix(this.a ^ length)
    this.b = mix(this.b ^ length ^ this.a)
    return this
  }
}

/** A number between 0 and 1, neither included, for a key and a backend: as if drawn at random, and always the same. */
export function drawFor(key: KeyHash, nodeA: number, nodeB: number): number {
  const a = mix(key.a ^ nodeA)
  const b = mix(key.b ^ nodeB ^ a)
  return ((a >>> LANE_A_SHIFT) * TWO_26 + (b >>> LANE_B_SHIFT) + 0.5) / TWO_53
}

/** MurmurHash3's round: a unit joins a lane. */
function round(lane: number, unit: number): number {
  const scrambled = Math.imul(rotate(Math.imul(unit, 0xcc9e2d51), 15), 0x1b873593)
  return (Math.imul(rotate(lane ^ scrambled, 13), 5) + 0xe6546b64) | 0
}

/** MurmurHash3's last step: each bit of a lane changes half of the others. */
function mix(lane: number): number {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

const rotate = (lane: number, bits: number): number => (lane << bits) | (lane >>> (32 - bits))

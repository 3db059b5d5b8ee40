/**
 * A million damaged headers. The decoder must not throw or hang. It gives one of three answers, and bytes that follow
 * never change an answer other than "need more". MILLRACE_SEED tries other headers.
 */
import { describe, expect, it } from 'vitest'
import { crc32c } from '../../src/proxy-protocol/crc32c.js'
import { decodeProxyHeader } from '../../src/proxy-protocol/decode.js'
import { random } from '../support/bytes.js'
import { hex, INET, tlv, v2, vectors } from './headers.js'

const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const ROUNDS = 10
const MUTATIONS_PER_ROUND = 100_000
const MOST_CHANGES = 4
/** Bytes that the parsers look for. */
const TELLING_BYTES = hex('000102030405 0a 0d 20 21 2030 25 2e 3a 30 31 39 61 66 6c 7f 80 e0 ff')
/** Without the longest headers, which cost much time and have few places that matter. */
const SEEDS = [
  ...vectors.map(({ bytes }) => bytes).filter((bytes) => bytes.length < 600),
  v2('2111', INET, tlv(4, ''), tlv(0x20, hex(`0700000000${tlv(0x22, 'a')}`)), tlv(3, hex('00000000'))),
]

type Random = () => number

const below = (next: Random, limit: number): number => Math.floor(next() * limit)
const oneOf = <T>(next: Random, all: ArrayLike<T>): T => all[below(next, all.length)]!

const CHANGES: readonly ((bytes: Buffer, at: number, next: Random) => Buffer)[] = [
  function flipBit(bytes, at, next) {
    if (at < bytes.length) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << below(next, 8)), at)
    return bytes
  },
  function setByte(bytes, at, next) {
    if (at < bytes.length) bytes.writeUInt8(oneOf(next, TELLING_BYTES), at)
    return bytes
  },
  function insert(bytes, at, next) {
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from([oneOf(next, TELLING_BYTES)]),
      bytes.subarray(at),
    ])
  },
  function remove(bytes, at, next) {
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(next, 3))])
  },
  function repeat(bytes, at, next) {
    const end = at + below(next, 40)
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
  },
  function cut(bytes, at) {
    return bytes.subarray(0, at)
  },
  function splice(bytes, at, next) {
    const other = oneOf(next, SEEDS)
    return Buffer.concat([bytes.subarray(0, at), other.subarray(below(next, other.length))])
  },
  function changeLength(bytes, _at, next) {
    if (bytes.length >= 16)
      bytes.writeUInt16BE(oneOf(next, [bytes.length - 16, below(next, 300)]) & 0xffff, 14)
    return bytes
  },
  function mendChecksum(bytes) {
    if (bytes.length < 20) return bytes
    bytes.fill(0, bytes.length - 4)
    bytes.writeUInt32BE(crc32c(bytes), bytes.length - 4)
    return bytes
  },
]

function mutate(next: Random): Buffer {
  let bytes: Buffer = Buffer.from(oneOf(next, SEEDS))
  for (let left = 1 + below(next, MOST_CHANGES); left > 0; left--) {
    bytes = oneOf(next, CHANGES)(bytes, below(next, bytes.length + 1), next)
  }
  return bytes
}

/** What is wrong with the answer to `bytes`, in words. */
function complaint(bytes: Buffer, next: Random): string | undefined {
  const answer = decodeProxyHeader(bytes)
  if (answer.kind === 'need-more') {
    return bytes.length >= 16 + 4096 ? 'needs more than there can be' : undefined
  }
  const before = bytes.subarray(0, below(next, bytes.length))
  const earlier = decodeProxyHeader(before)
  if (answer.kind === 'no-match') {
    return earlier.kind === 'match' ? 'was taken, and then refused' : undefined
  }
  if (answer.kind !== 'match') return `answered ${JSON.stringify(answer)}`
  if (answer.bytes < 15 || answer.bytes > bytes.length) return `took ${answer.bytes} of ${bytes.length} bytes`
  if (before.length < answer.bytes)
    return earlier.kind === 'need-more' ? undefined : `${earlier.kind} of a part`
  return earlier.kind === 'match' && earlier.bytes === answer.bytes ? undefined : 'depends on what follows'
}

describe(`a million damaged PROXY headers, MILLRACE_SEED=${SEED}`, () => {
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'decodeProxyHeader answers every damaged header of round %i',
    (round) => {
      const next = random(SEED * ROUNDS + round)
      const kinds = { match: 0, 'no-match': 0, 'need-more': 0 }
      for (let i = 0; i < MUTATIONS_PER_ROUND; i++) {
        const bytes = mutate(next)
        const wrong = complaint(bytes, next)
        if (wrong !== undefined) expect.fail(`${wrong}: ${bytes.toString('hex')}`)
        kinds[decodeProxyHeader(bytes).kind]++
      }
      // If one of the answers were rare, the mutations would prove little about it.
      for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(1000)
    },
  )
})

/**
 * Damaged first bytes of Postgres clients and servers. None may make a reader throw or hang. The answer is one of three,
 * and never changes for bytes that were seen. A key is the same however its bytes are cut. MILLRACE_SEED tries others.
 */
import { describe, expect, it } from 'vitest'
import { MOST_PACKET_BYTES, readFirstPacket } from '../../src/postgres/first-packet.js'
import { KeyWatch } from '../../src/postgres/key-watch.js'
import { readTlsAnswer } from '../../src/postgres/tls-answer.js'
import { random } from '../support/bytes.js'
import { cancelOf, GSS_REQUEST, startUpOf, TLS_REQUEST, welcome } from '../support/postgres-packets.js'

const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const MUTATIONS = 200_000
const MOST_CHANGES = 3
/** Bytes that are a valid length, version, type or end in some place. */
const TELLING_BYTES = Buffer.from([
  0, 1, 2, 3, 4, 8, 9, 12, 16, 22, 0x27, 0x10, 0x4b, 0x52, 0x53, 0x5a, 0x75, 0xff,
])

type Random = () => number
const below = (next: Random, limit: number): number => Math.floor(next() * limit)
const key = Buffer.from([1, 2, 3, 4])

function mutate(seeds: readonly Buffer[], next: Random): Buffer {
  let bytes = Buffer.from(seeds[below(next, seeds.length)]!)
  for (let left = below(next, MOST_CHANGES + 1); left > 0; left--) {
    const at = below(next, bytes.length + 1)
    const telling = TELLING_BYTES.subarray(below(next, TELLING_BYTES.length)).subarray(0, 1)
    const kind = below(next, 5)
    if (kind === 0) bytes = bytes.subarray(0, at)
    else if (kind === 1)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(next, 3))])
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), telling, bytes.subarray(at)])
    else if (at < bytes.length) bytes[at] = kind === 3 ? telling[0]! : bytes[at]! ^ (1 << below(next, 8))
  }
  return bytes
}

/** Says what is wrong with the answer to `bytes`. */
function complaint(bytes: Buffer, next: Random): string | undefined {
  const answer = readFirstPacket(bytes)
  if (answer.kind === 'need-more')
    return bytes.length < MOST_PACKET_BYTES ? undefined : 'needs more than there can be'
  const before = bytes.subarray(0, below(next, bytes.length))
  const earlier = readFirstPacket(before)
  // A request must come alone, so bytes behind it make it invalid.
  const isRequest = earlier.kind === 'match' && /request$/.test(earlier.value.kind)
  if (answer.kind === 'no-match')
    return earlier.kind === 'match' && !isRequest ? 'was taken, and then refused' : undefined
  if (answer.bytes > bytes.length) return `took ${answer.bytes} of ${bytes.length} bytes`
  if (before.length < answer.bytes)
    return earlier.kind === 'need-more' ? undefined : `${earlier.kind} of a part`
  return earlier.kind === 'match' || before.length === 0 ? undefined : 'depends on what follows'
}

describe(`the readers of Postgres, MILLRACE_SEED=${SEED}`, () => {
  it('the reader of Postgres clients answers damaged packets consistently', () => {
    const next = random(SEED)
    const startUp = startUpOf({ user: 'app', database: 'orders', options: '-c x=y' })
    const seeds = [startUp, startUp, startUpOf({ user: 'a' }), cancelOf(3, key), TLS_REQUEST, GSS_REQUEST]
    const kinds = { match: 0, 'no-match': 0, 'need-more': 0 }
    for (let i = 0; i < MUTATIONS; i++) {
      const bytes = mutate(seeds, next)
      const wrong = complaint(bytes, next)
      if (wrong !== undefined) expect.fail(`${wrong}: ${bytes.toString('hex')}`)
      kinds[readFirstPacket(bytes).kind]++
    }
    // If one of the answers never came, the mutations would test nothing.
    for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(1000)
  })

  it("the reader of a Postgres server's answer to a request for TLS answers damaged bytes", () => {
    const next = random(SEED)
    for (let i = 0; i < 1000; i++) {
      const { kind } = readTlsAnswer(mutate([Buffer.from('S'), Buffer.from('N')], next))
      expect(['match', 'no-match', 'need-more']).toContain(kind)
    }
  })

  it('the key of a damaged Postgres session is the same, or none, however its bytes are cut', () => {
    const next = random(SEED + 1)
    let keys = 0
    for (let i = 0; i < MUTATIONS / 10; i++) {
      const bytes = mutate([welcome(7, key), welcome(8, Buffer.alloc(40, 1))], next)
      const whole = keysIn(bytes, bytes.length)
      if (whole.length > 1) expect.fail(`two keys: ${bytes.toString('hex')}`)
      const pieces = keysIn(bytes, 1 + below(next, 9))
      if (pieces[0] !== whole[0]) expect.fail(`depends on the cut: ${bytes.toString('hex')}`)
      keys += whole.length
    }
    expect(keys).toBeGreaterThan(1000)
  })
})

function keysIn(bytes: Buffer, size: number): string[] {
  const found: string[] = []
  const watch = new KeyWatch((session) => found.push(session))
  for (let at = 0; at < bytes.length; at += Math.max(1, size)) {
    if (watch.show(bytes.subarray(at, at + Math.max(1, size)))) break
  }
  return found
}

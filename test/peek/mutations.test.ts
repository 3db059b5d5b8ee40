/**
 * A million damaged ClientHellos. None may make the reader throw or hang. The answer is one of three, and it never
 * changes for bytes that the reader has already seen. MILLRACE_SEED tries others.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { MOST_HELLO_BYTES, readClientHello } from '../../src/peek/client-hello.js'
import { random } from '../support/bytes.js'
import { cutIntoRecords, helloOf } from '../support/hello.js'
import { alpn, hello, serverName, supportedVersions } from './hello-builder.js'

const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const ROUNDS = 10
const MUTATIONS_PER_ROUND = 100_000
const MOST_CHANGES = 3
/** Bytes that are a valid length, type or version in some place. */
const TELLING_BYTES = Buffer.from([0, 1, 2, 3, 4, 5, 16, 20, 22, 23, 43, 46, 0x2a, 0x61, 0x7f, 0x80, 0xff])

type Random = () => number
const below = (next: Random, limit: number): number => Math.floor(next() * limit)

describe(`the reader of ClientHellos, MILLRACE_SEED=${SEED}`, () => {
  let seeds: Buffer[]

  beforeAll(async () => {
    const real = await helloOf({ servername: 'www.a.test', ALPNProtocols: ['h2', 'http/1.1'] })
    const built = hello({ extensions: [serverName('a.test'), alpn('h2'), supportedVersions(0x304)] })
    seeds = [built, built, hello(), real, cutIntoRecords(built, 40), cutIntoRecords(real, 200)]
  })

  const mutate = (next: Random): Buffer => {
    let bytes = Buffer.from(seeds[below(next, seeds.length)]!)
    for (let left = 1 + below(next, MOST_CHANGES); left > 0; left--) {
      const at = below(next, bytes.length + 1)
      const telling = TELLING_BYTES[below(next, TELLING_BYTES.length)]!
      const kind = below(next, 6)
      if (kind === 0) bytes = bytes.subarray(0, at)
      else if (kind === 1)
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(next, 3))])
      else if (kind === 2)
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([telling]), bytes.subarray(at)])
      else if (kind === 3)
        bytes = Buffer.concat([bytes.subarray(0, at + below(next, 40)), bytes.subarray(at)])
      else if (at < bytes.length) bytes[at] = kind === 4 ? telling : bytes[at]! ^ (1 << below(next, 8))
    }
    return bytes
  }

  /** Says what is wrong with the answer to `bytes`. */
  const complaint = (bytes: Buffer, next: Random): string | undefined => {
    const answer = readClientHello(bytes)
    if (answer.kind === 'need-more')
      return bytes.length < MOST_HELLO_BYTES ? undefined : 'needs more than there can be'
    const before = bytes.subarray(0, below(next, bytes.length))
    const earlier = readClientHello(before).kind
    if (answer.kind === 'no-match') return earlier === 'match' ? 'was taken, and then refused' : undefined
    if (answer.bytes > bytes.length) return `took ${answer.bytes} of ${bytes.length} bytes`
    if (before.length < answer.bytes) return earlier === 'need-more' ? undefined : `${earlier} of a part`
    return earlier === 'match' ? undefined : 'depends on what follows'
  }

  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'the reader of ClientHellos answers 100000 damaged ones consistently: round %i',
    (round) => {
      const next = random(SEED * ROUNDS + round)
      const kinds = { match: 0, 'no-match': 0, 'need-more': 0 }
      for (let i = 0; i < MUTATIONS_PER_ROUND; i++) {
        const bytes = mutate(next)
        const wrong = complaint(bytes, next)
        if (wrong !== undefined) expect.fail(`${wrong}: ${bytes.toString('hex')}`)
        kinds[readClientHello(bytes).kind]++
      }
      // If one of the answers never came, the mutations would test nothing.
      for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(1000)
    },
  )
})

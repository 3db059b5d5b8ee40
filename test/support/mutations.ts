/**
 * A million damaged messages for a pure parser. It must not throw or hang. It gives one of three answers, and bytes that
 * follow never change an answer other than "need more". MILLRACE_SEED tries others.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../src/peek/answer.js'
import { random } from './bytes.js'

const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const ROUNDS = 10
const MUTATIONS_PER_ROUND = 100_000
/** If one of the answers is rarer in a round, the mutations prove little about it. */
const LEAST_OF_EACH = 1000

export type Random = () => number
export type Change = (bytes: Buffer, at: number, next: Random) => Buffer

export interface Mutations {
  /** As the titles call it. */
  readonly parser: string
  readonly read: (bytes: Buffer) => Answer<object>
  /** Good messages, which are then damaged. */
  readonly messages: () => readonly Buffer[] | Promise<readonly Buffer[]>
  /** Bytes that the parser looks for, or that are a valid length, type or version in some place. */
  readonly tellingBytes: Buffer
  /** Changes of this protocol, beside those for all. */
  readonly changes?: (messages: readonly Buffer[]) => readonly Change[]
  readonly mostChanges: number
  /** Of a message that is taken. */
  readonly leastBytes: number
  /** Of a message that is not yet whole. */
  readonly mostBytes: number
}

export const below = (next: Random, limit: number): number => Math.floor(next() * limit)
export const oneOf = <T>(next: Random, all: ArrayLike<T>): T => all[below(next, all.length)]!

export function describeMutations(mutations: Mutations): void {
  const { parser, read, messages, mostChanges } = mutations

  describe(`a million damaged messages for ${parser}, MILLRACE_SEED=${SEED}`, () => {
    let seeds: readonly Buffer[]
    let changes: readonly Change[]

    beforeAll(async () => {
      seeds = await messages()
      changes = [...commonChanges(mutations.tellingBytes), ...(mutations.changes?.(seeds) ?? [])]
    })

    const mutate = (next: Random): Buffer => {
      let bytes: Buffer = Buffer.from(oneOf(next, seeds))
      for (let left = 1 + below(next, mostChanges); left > 0; left--)
        bytes = oneOf(next, changes)(bytes, below(next, bytes.length + 1), next)
      return bytes
    }

    it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
      `${parser} answers ${MUTATIONS_PER_ROUND} damaged messages consistently: round %i`,
      (round) => {
        const next = random(SEED * ROUNDS + round)
        const kinds = { match: 0, 'no-match': 0, 'need-more': 0 }
        for (let i = 0; i < MUTATIONS_PER_ROUND; i++) {
          const bytes = mutate(next)
          const wrong = complaint(mutations, bytes, next)
          if (wrong !== undefined) expect.fail(`${wrong}: ${bytes.toString('hex')}`)
          kinds[read(bytes).kind]++
        }
        for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(LEAST_OF_EACH)
      },
    )
  })
}

function commonChanges(tellingBytes: Buffer): Change[] {
  return [
    function flipBit(bytes, at, next) {
      if (at < bytes.length) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << below(next, 8)), at)
      return bytes
    },
    function setByte(bytes, at, next) {
      if (at < bytes.length) bytes.writeUInt8(oneOf(next, tellingBytes), at)
      return bytes
    },
    function insert(bytes, at, next) {
      const inserted = Buffer.from([oneOf(next, tellingBytes)])
      return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)])
    },
    function remove(bytes, at, next) {
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(next, 3))])
    },
    function repeat(bytes, at, next) {
      return Buffer.concat([bytes.subarray(0, at + below(next, 40)), bytes.subarray(at)])
    },
    function cut(bytes, at) {
      return bytes.subarray(0, at)
    },
  ]
}

/** What is wrong with the answer to `bytes`, in words. */
function complaint(
  { read, leastBytes, mostBytes }: Mutations,
  bytes: Buffer,
  next: Random,
): string | undefined {
  const answer = read(bytes)
  if (answer.kind === 'need-more')
    return bytes.length < mostBytes ? undefined : 'needs more than there can be'
  const before = bytes.subarray(0, below(next, bytes.length))
  const earlier = read(before)
  if (answer.kind === 'no-match') return earlier.kind === 'match' ? 'was taken, and then refused' : undefined
  if (answer.kind !== 'match') return `answered ${JSON.stringify(answer)}`
  if (answer.bytes < leastBytes || answer.bytes > bytes.length)
    return `took ${answer.bytes} of ${bytes.length} bytes`
  if (before.length < answer.bytes)
    return earlier.kind === 'need-more' ? undefined : `${earlier.kind} of a part`
  return earlier.kind === 'match' && earlier.bytes === answer.bytes ? undefined : 'depends on what follows'
}

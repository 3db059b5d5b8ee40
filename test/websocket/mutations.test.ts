/**
 * A million damaged heads. The readers must not throw or hang. They give one of three answers, and bytes that follow
 * never change an answer other than "need more". The head that millrace forwards for a request reads as the same
 * request. MILLRACE_SEED tries other heads.
 */
import { describe, expect, it } from 'vitest'
import { forwardedHead } from '../../src/websocket/forwarding/forward.js'
import { type HeadAnswer, MOST_HEAD_BYTES } from '../../src/websocket/heads/head.js'
import { type RequestHead, readRequestHead } from '../../src/websocket/heads/request-head.js'
import { type ResponseHead, readResponseHead } from '../../src/websocket/heads/response-head.js'
import { acceptanceOf, upgradeOf } from '../../src/websocket/upgrade.js'
import { KEY, requests, responses } from './heads.js'
import { below, mutate, oneOf, type Random, random } from './mutated-heads.js'

const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const ROUNDS = 10
const REQUESTS_PER_ROUND = 75_000
const RESPONSES_PER_ROUND = 25_000
const LEAST_HEAD_BYTES = 'A / HTTP/1.0\r\n\r\n'.length

interface Subject<Head> {
  readonly seeds: readonly Buffer[]
  read(bytes: Buffer): HeadAnswer<Head>
  /** What is wrong with a head that was accepted, in words. */
  judge(bytes: Buffer, head: Head, next: Random): string | undefined
}

const REQUEST: Subject<RequestHead> = {
  seeds: requests.map(({ bytes }) => bytes),
  read: readRequestHead,
  judge(bytes, head, next) {
    const upgrade = upgradeOf(head)
    const hasBody = head.bodyKind === 'chunked' || head.contentLength > 0
    if (upgrade.kind === 'websocket' && hasBody) return 'is an upgrade with a body'
    const mode = oneOf(next, ['append', 'replace', 'forwarded', 'off'] as const)
    const closes = upgrade.kind !== 'websocket'
    const facts = { clientHost: '192.0.2.7', proto: 'http', mode, clientField: undefined, closes } as const
    const sent = forwardedHead(bytes, head, facts)
    if (!Buffer.isBuffer(sent)) return `is not sent on: ${sent.reason}`
    const again = readRequestHead(sent)
    if (again.kind !== 'match') return `is sent on as what is refused: ${sent.toString('latin1')}`
    const same = (['method', 'target', 'authority', 'version', 'bodyKind', 'contentLength'] as const).every(
      (fact) => again.value[fact] === head[fact],
    )
    const kind = closes ? 'none' : 'websocket'
    return same && again.bytes === sent.length && upgradeOf(again.value).kind === kind
      ? undefined
      : `is sent on as another: ${sent.toString('latin1')}`
  },
}

const RESPONSE: Subject<ResponseHead> = {
  seeds: responses.map(({ bytes }) => bytes),
  read: readResponseHead,
  judge(_bytes, head) {
    const isAccepted = acceptanceOf(head, KEY).kind === 'accepted'
    return isAccepted && (head.status !== 101 || head.bodyKind !== 'none') ? 'is no acceptance' : undefined
  },
}

/** What is wrong with the answer to `bytes`, in words. */
function complaint<Head>(subject: Subject<Head>, bytes: Buffer, answer: HeadAnswer<Head>, next: Random) {
  if (answer.kind === 'need-more') return bytes.length < MOST_HEAD_BYTES ? undefined : 'needs more for ever'
  const before = bytes.subarray(0, below(next, bytes.length))
  const earlier = subject.read(before)
  if (answer.kind === 'no-match') return earlier.kind === 'match' ? 'was taken, and then refused' : undefined
  if (answer.bytes < LEAST_HEAD_BYTES || answer.bytes > bytes.length)
    return `took ${answer.bytes} of ${bytes.length} bytes`
  const expected = before.length < answer.bytes ? 'need-more' : 'match'
  if (earlier.kind !== expected) return `${earlier.kind} of the first ${before.length} bytes`
  return subject.judge(bytes.subarray(0, answer.bytes), answer.value, next)
}

function run<Head>(subject: Subject<Head>, count: number, next: Random): void {
  const kinds = { match: 0, 'no-match': 0, 'need-more': 0 }
  for (let i = 0; i < count; i++) {
    const bytes = mutate(subject.seeds, next)
    const answer = subject.read(bytes)
    const wrong = complaint(subject, bytes, answer, next)
    if (wrong !== undefined) expect.fail(`${wrong}: ${bytes.toString('hex')}`)
    kinds[answer.kind]++
  }
  // If one of the answers were rare, the mutations would prove little about it.
  for (const kind of Object.values(kinds)) expect(kind).toBeGreaterThan(1000)
}

describe(`a million damaged HTTP heads, MILLRACE_SEED=${SEED}`, () => {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => round)

  it.each(rounds)('readRequestHead answers every damaged request of round %i', (round) => {
    run(REQUEST, REQUESTS_PER_ROUND, random(SEED * ROUNDS + round))
  })

  it.each(rounds)('readResponseHead answers every damaged response of round %i', (round) => {
    run(RESPONSE, RESPONSES_PER_ROUND, random(SEED * ROUNDS + round))
  })
})

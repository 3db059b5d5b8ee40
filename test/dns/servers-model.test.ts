/** Random behaviour of up to three servers: which of them are asked, in which order, and what the answer is. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { dnsServer, type Query, replyTo, srv } from '../support/dns-server.js'
import { services } from './asking.js'

const SERVICE = '_db._tcp.test'
const TIMEOUT_MS = 1000

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterAll(() => void vi.useRealTimers())

/** What a server does with a question. `truncates`: its answer comes over TCP. `old`: it does not know EDNS. */
const BEHAVIOURS = ['silent', 'fails', 'answers', 'truncates', 'has none', 'old'] as const
type Behaviour = (typeof BEHAVIOURS)[number]

const FAILURE = { silent: 'TIMEOUT', fails: 'SERVFAIL' } as const

/** What the client must do: the servers it asks, and how the question ends. */
function expected(
  servers: readonly (readonly Behaviour[])[],
  tries: number,
): { asked: number[]; end: string } {
  const asked: number[] = []
  const failed = new Set<number>()
  let end = ''
  for (let round = 0; round < tries; round++) {
    for (const [index, behaviours] of servers.entries()) {
      if (failed.has(index)) continue
      asked.push(index)
      const does = behaviours[round]!
      if (does === 'has none') return { asked, end: 'NXDOMAIN' }
      if (does !== 'silent' && does !== 'fails') return { asked, end: 'records' }
      if (does === 'fails') failed.add(index)
      end = FAILURE[does]
    }
  }
  return { asked, end }
}

const MOST_TRIES = 3
const behaviours = fc.array(fc.constantFrom(...BEHAVIOURS), { minLength: MOST_TRIES, maxLength: MOST_TRIES })

it('the client asks servers in their order and round by round, whatever each of them does', async () => {
  let does: readonly (readonly Behaviour[])[] = []
  let asked: number[] = []
  const answer = (index: number) => (query: Query) => {
    // A second question to the same server in the same round belongs to the first one.
    const isFurther = asked.at(-1) === index && (query.transport === 'tcp' || further.delete(index))
    if (!isFurther) asked.push(index)
    const behaviour = does[index]![asked.filter((each) => each === index).length - 1]!
    if (behaviour === 'silent') vi.advanceTimersByTime(TIMEOUT_MS)
    else query.reply(replyOf(behaviour, query, index, isFurther))
  }
  const further = new Set<number>()
  const replyOf = (behaviour: Behaviour, query: Query, index: number, isFurther: boolean): Buffer => {
    const records = { answers: [srv(SERVICE, { port: 1, target: 'db.test' })] }
    if (behaviour === 'fails') return replyTo(query, { rcode: 2 })
    if (behaviour === 'has none') return replyTo(query, { rcode: 3 })
    if (behaviour === 'answers' || isFurther) return replyTo(query, records)
    if (behaviour === 'truncates') return replyTo(query, { isTruncated: true })
    const hasEdns = query.packet.additionals?.length === 1
    if (hasEdns) further.add(index)
    return hasEdns ? replyTo(query, { rcode: 1 }) : replyTo(query, records)
  }
  const servers = await Promise.all([0, 1, 2].map((index) => dnsServer(answer(index))))
  await fc.assert(
    fc.asyncProperty(
      fc.array(behaviours, { minLength: 1, maxLength: servers.length }),
      fc.integer({ min: 1, max: MOST_TRIES }),
      async (each, tries) => {
        does = each
        asked = []
        const options = { servers: servers.slice(0, each.length), tries, timeoutMs: TIMEOUT_MS }
        const told = await services(SERVICE, options)
        const end = told.kind === 'records' ? 'records' : told.code
        expect({ asked, end }).toEqual(expected(each, tries))
      },
    ),
    { numRuns: 300 },
  )
})

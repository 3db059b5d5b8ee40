/** Asks servers one question: which server is next, how often, and over which transport. */
import { randomInt } from 'node:crypto'
import { type Answer, failed } from './answer.js'
import type { DnsServer, Exchange, Read } from './exchange.js'
import type { ConcurrencyLimit } from './limit.js'
import {
  codeOf,
  decodeReply,
  encodeQuestion,
  type Packet,
  type Question,
  type QuestionType,
} from './packet.js'
import type { ServerOrder } from './server-order.js'
import { askByTcp } from './tcp.js'
import { askByUdp } from './udp.js'

export interface AskPolicy {
  readonly servers: readonly DnsServer[]
  readonly rotate: boolean
  /** How long one server may take for one try. */
  readonly timeoutMs: number
  /** How often a silent server is asked. */
  readonly tries: number
}

/** What all questions of a client share. */
export interface Shared {
  readonly order: ServerOrder
  readonly limit: ConcurrencyLimit
  /** Of getaddrinfo(3). */
  readonly lookupLimit: ConcurrencyLimit
}

/** A server that does not know EDNS says so with one of these (RFC 6891 section 7). */
const WITHOUT_EDNS: ReadonlySet<string> = new Set(['FORMERR', 'NOTIMP'])
const IDS = 65_536

/**
 * Asks one server after the other until one has an answer. A server that answered with an error is not asked again. All
 * others are asked `tries` times. If nobody has an answer, the last failure is the result.
 */
export async function askServers<R>(
  policy: AskPolicy,
  { order, limit }: Shared,
  about: { readonly name: string; readonly type: QuestionType },
  signal: AbortSignal,
  answerIn: (packet: Packet) => Answer<R>,
): Promise<Answer<R>> {
  let last: Answer<R> = failed('ENOTFOUND')
  const remaining = new Set(order.of(policy.servers, policy.rotate))
  for (let round = 0; round < policy.tries; round++) {
    for (const server of remaining) {
      const way = { server, timeoutMs: policy.timeoutMs, signal }
      const question = { ...about, id: randomInt(IDS) }
      // A firewall may drop what has EDNS without a word.
      const reply = await limit.run(signal, () => askServer(way, question, round === 0))
      if (signal.aborted) return failed('CANCELLED')
      if (reply === undefined) return failed('BUSY')
      if (typeof reply === 'string') {
        last = failed(reply)
        order.wasSilent(server)
        continue
      }
      order.answered(server)
      last = answerIn(reply)
      if (last.kind !== 'failed') return last
      remaining.delete(server)
    }
  }
  return last
}

type Way = Omit<Exchange, 'bytes'>

/** The reply of one server, or the code of a failure to get one. */
async function askServer(way: Way, question: Question, hasEdns: boolean): Promise<Packet | string> {
  const exchange = { ...way, bytes: encodeQuestion(question, hasEdns) }
  const read: Read<Packet> = (bytes) => decodeReply(bytes, question)
  const reply = await askByUdp(exchange, read)
  if (typeof reply === 'string') return reply
  if (hasEdns && WITHOUT_EDNS.has(codeOf(reply))) return askServer(way, question, false)
  return reply.flag_tc ? askByTcp(exchange, read) : reply
}

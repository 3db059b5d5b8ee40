/** Asks servers one question: which server is next, how often, and over which transport. */
import { randomInt } from 'node:crypto'
import { type Answer, failed } from './answer.js'
import type { DnsServer, Exchange, Read } from './exchange.js'
import {
  codeOf,
  decodeReply,
  encodeQuestion,
  type Packet,
  type Question,
  type QuestionType,
} from './packet.js'
import { askByTcp } from './tcp.js'
import { askByUdp } from './udp.js'

export interface ServerPolicy {
  /** At least one, in the order to ask them. */
  readonly servers: readonly DnsServer[]
  /** How long one server may take for one try. */
  readonly timeoutMs: number
  /** How often a silent server is asked. */
  readonly tries: number
}

/** A server that does not know EDNS says so with one of these (RFC 6891 section 7). */
const WITHOUT_EDNS: ReadonlySet<string> = new Set(['FORMERR', 'NOTIMP'])
const IDS = 65_536

/**
 * Asks one server after the other until one has an answer. A server that answered with an error is not asked again. All
 * others are asked `tries` times. If nobody has an answer, the last failure is the result.
 */
export async function askServers<R>(
  policy: ServerPolicy,
  about: { readonly name: string; readonly type: QuestionType },
  signal: AbortSignal,
  answerIn: (packet: Packet) => Answer<R>,
): Promise<Answer<R>> {
  let last: Answer<R> = failed('TIMEOUT')
  const silent = new Set(policy.servers)
  for (let round = 0; round < policy.tries; round++) {
    for (const server of silent) {
      const question = { ...about, id: randomInt(IDS) }
      const way = { server, timeoutMs: policy.timeoutMs, signal }
      // A firewall may drop what has EDNS without a word.
      const reply = await askServer(way, question, round === 0)
      if (signal.aborted) return failed('CANCELLED')
      last = typeof reply === 'string' ? failed(reply) : answerIn(reply)
      if (last.kind !== 'failed') return last
      if (typeof reply !== 'string') silent.delete(server)
    }
  }
  return last
}

type Way = Omit<Exchange, 'bytes'>

async function askServer(way: Way, question: Question, hasEdns: boolean): Promise<Packet | string> {
  const exchange = { ...way, bytes: encodeQuestion(question, hasEdns) }
  const read: Read<Packet> = (bytes) => decodeReply(bytes, question)
  const reply = await askByUdp(exchange, read)
  if (typeof reply === 'string') return reply
  if (hasEdns && WITHOUT_EDNS.has(codeOf(reply))) return askServer(way, question, false)
  return reply.flag_tc ? askByTcp(exchange, read) : reply
}

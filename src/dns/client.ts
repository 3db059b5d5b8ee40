/**
 * A DNS client that tells how long its answers are valid. It keeps no answers: each question is asked anew. No socket
 * and no timer of it keeps the process alive.
 */

import type { AddressRecord, Answer, SrvRecord } from './answer.js'
import { askServers, type ServerPolicy } from './ask.js'
import type { DnsServer } from './exchange.js'
import { bothFamilies } from './families.js'
import { addressesIn, servicesIn } from './reply.js'

export type { AddressRecord, Answer, EmptyAnswer, FailedAnswer, RecordsAnswer, SrvRecord } from './answer.js'
export type { DnsServer } from './exchange.js'

export interface DnsClientOptions {
  /** The servers to ask, in this order. Default: those of the system. */
  readonly servers?: readonly DnsServer[] | undefined
  /** How long one server may take for one try. Default: what resolv.conf says, else 5 s. */
  readonly timeoutMs?: number | undefined
  /** How often a silent server is asked, 1 or more. Default: what resolv.conf says, else 2. */
  readonly tries?: number | undefined
}

/** A question under way. */
export interface Asking {
  /** Its answer is not told any more. Sockets are closed at once. */
  cancel(): void
}

export interface DnsClient {
  /** The IPv4 and IPv6 addresses of `host`. `done` is called once, never before this returns. */
  addresses(host: string, done: (answer: Answer<AddressRecord>) => void): Asking
  /** The SRV records of `name`, such as `_postgresql._tcp.example.com`. `done` as above. */
  srv(name: string, done: (answer: Answer<SrvRecord>) => void): Asking
}

export function createDnsClient(options: DnsClientOptions = {}): DnsClient {
  const policy: ServerPolicy = {
    servers: options.servers ?? [],
    timeoutMs: options.timeoutMs ?? 5000,
    tries: options.tries ?? 2,
  }
  return {
    addresses: (host, done) => start((signal) => addressesOf(policy, host, signal), done),
    srv: (name, done) => start((signal) => askSrv(policy, name, signal), done),
  }
}

function start<R>(
  ask: (signal: AbortSignal) => Promise<Answer<R>>,
  done: (answer: Answer<R>) => void,
): Asking {
  const controller = new AbortController()
  void ask(controller.signal).then((answer) => {
    if (!controller.signal.aborted) done(answer)
  })
  return { cancel: () => controller.abort() }
}

const askSrv = (policy: ServerPolicy, name: string, signal: AbortSignal): Promise<Answer<SrvRecord>> =>
  askServers(policy, { name, type: 'SRV' }, signal, (packet) => servicesIn(packet, name))

async function addressesOf(
  policy: ServerPolicy,
  host: string,
  signal: AbortSignal,
): Promise<Answer<AddressRecord>> {
  const ask = (type: 'A' | 'AAAA') =>
    askServers(policy, { name: host, type }, signal, (packet) => addressesIn(packet, host, type))
  const [a, aaaa] = await Promise.all([ask('A'), ask('AAAA')])
  return bothFamilies(a, aaaa)
}

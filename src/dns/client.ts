/**
 * A DNS client that tells how long its answers are valid. It keeps no answers: each question is asked anew. No socket and
 * no timer of it keeps the process alive.
 */
import type { AddressRecord, Answer, SrvRecord } from './answer.js'
import type { DnsServer } from './exchange.js'
import { ConcurrencyLimit } from './limit.js'
import { Resolution } from './resolution.js'
import { ServerOrder } from './server-order.js'
import { type Lookup, System, type SystemFiles } from './system/system.js'

export type { AddressRecord, Answer, EmptyAnswer, FailedAnswer, RecordsAnswer, SrvRecord } from './answer.js'
export type { DnsServer } from './exchange.js'
export type { Lookup, SystemFiles } from './system/system.js'

export interface DnsClientOptions {
  /**
   * The servers to ask, in this order. Default: those of resolv.conf. The system (`dns.lookup`) is then asked, too, for
   * names that it may find in other ways than by DNS.
   */
  readonly servers?: readonly DnsServer[] | undefined
  /** How long one server may take for one try. Default: `timeout` of resolv.conf, else 5 s. */
  readonly timeoutMs?: number | undefined
  /** How often a silent server is asked, 1 or more. Default: `attempts` of resolv.conf, else 2. */
  readonly tries?: number | undefined
  /** Where the files of the system are. Default: in /etc. */
  readonly files?: SystemFiles | undefined
  /** How to ask the system. Default: `dns.lookup`. */
  readonly lookup?: Lookup | undefined
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

/**
 * libuv gives getaddrinfo(3) half of its four threads. More lookups would wait there, where nobody can take them back. So
 * whoever asks for many slow names would hold up all others, also long after nobody wants the answers.
 */
const MOST_LOOKUPS = 2
/** Each question under way needs a socket. */
const MOST_AT_A_TIME = 64
/** More than two for each of 10,000 backends. */
const MOST_WAITING = 65_536

export function createDnsClient(options: DnsClientOptions = {}): DnsClient {
  const { servers, timeoutMs, tries, files, lookup } = options
  const resolution = new Resolution({ servers, timeoutMs, tries }, new System(files, lookup), {
    order: new ServerOrder(),
    limit: new ConcurrencyLimit(MOST_AT_A_TIME, MOST_WAITING),
    lookupLimit: new ConcurrencyLimit(MOST_LOOKUPS, MOST_WAITING),
  })
  return {
    addresses: (host, done) => start((signal) => resolution.addresses(host, signal), done),
    srv: (name, done) => start((signal) => resolution.services(name, signal), done),
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

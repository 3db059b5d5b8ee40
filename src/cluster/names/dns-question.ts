/**
 * Asks DNS once what a name means. A service needs further questions: for the addresses of each of its targets. What is
 * known of a target from before stays if there is no answer for it.
 */
import { isIP } from 'node:net'
import { unmapIpv4 } from '../../address.js'
import type { AddressRecord, Answer, RecordsAnswer, SrvRecord } from '../../dns/answer.js'
import type { DnsClient } from '../../dns/client.js'
import { LastGood } from './last-good.js'
import type { Asking, Name, Place, Reading } from './provider.js'
import type { NamesSettings } from './settings.js'
import { weightsOf } from './srv-weights.js'

/** A service whose targets did not all have an answer is asked for again after at most this long. */
const MISSING_AGAIN_MS = 10_000

/** What is known from earlier questions for the same name: the addresses of each host. */
export type KnownHosts = Map<string, LastGood<string>>

export interface QuestionOptions {
  readonly client: DnsClient
  readonly settings: NamesSettings
  /** It is changed. A question that is asked once has an empty one. */
  readonly known: KnownHosts
  now(): number
}

export function ask(
  { kind, name }: Name,
  options: QuestionOptions,
  done: (reading: Reading) => void,
): Asking {
  return kind === 'host' ? askForHost(name, options, done) : askForService(name, options, done)
}

function askForHost(
  host: string,
  { client, known }: QuestionOptions,
  done: (reading: Reading) => void,
): Asking {
  return client.addresses(host, (answer) => {
    if (answer.kind !== 'records') done(answer)
    else {
      const ips = ipsOf(answer, known.get(host)?.present)
      knownOf(known, host).found(ips)
      done({ kind: 'places', places: ips.map((ip) => ({ ip, host })), ttlMs: leastTtl(answer.records) })
    }
  })
}

function askForService(name: string, options: QuestionOptions, done: (reading: Reading) => void): Asking {
  let targets: Asking | undefined
  const asking = options.client.srv(name, (answer) => {
    if (answer.kind !== 'records') done(answer)
    else targets = askForTargets(name, inOrder(answer.records.filter(isService)), options, done)
  })
  return {
    cancel: () => {
      asking.cancel()
      targets?.cancel()
    },
  }
}

/** RFC 2782: the target "." says that there is no such service. Nobody serves at port 0. */
const isService = ({ target, port }: SrvRecord): boolean => target !== '' && target !== '.' && port !== 0

/** Servers give records in any order, and the first of two records for the same place counts. */
const inOrder = (records: readonly SrvRecord[]): SrvRecord[] =>
  [...records].sort(
    (a, b) =>
      a.priority - b.priority || b.weight - a.weight || a.port - b.port || (a.target < b.target ? -1 : 1),
  )

function askForTargets(
  name: string,
  records: readonly SrvRecord[],
  options: QuestionOptions,
  done: (reading: Reading) => void,
): Asking {
  const { known, client } = options
  const hosts = new Set(records.map(({ target }) => target))
  for (const host of known.keys()) if (!hosts.has(host)) known.delete(host)
  const ttls = records.map(({ ttlMs }) => ttlMs)
  const missing: Exclude<Answer<AddressRecord>, { kind: 'records' }>[] = []
  const waiting = new Set<string>(hosts)
  const settled = (host: string, answer: Answer<AddressRecord>): void => {
    waiting.delete(host)
    const its = knownOf(known, host)
    if (answer.kind === 'records') {
      its.found(ipsOf(answer, its.present))
      ttls.push(leastTtl(answer.records))
    } else {
      missing.push(answer)
      if (answer.kind === 'empty') its.wasEmpty(options.now(), options.settings)
    }
    if (waiting.size === 0) done(readingOf(name, records, known, ttls, missing))
  }
  if (hosts.size === 0) done({ kind: 'empty', code: 'NODATA', ttlMs: undefined })
  const askings = Array.from(hosts, (host) => {
    const glue = records.find(({ target }) => target === host)?.addresses ?? []
    if (!isWhole(glue, known.get(host)?.present)) {
      // The dot at the end says that no search domain is to be added.
      return client.addresses(`${host}.`, (answer) => settled(host, answer))
    }
    settled(host, { kind: 'records', records: glue, failedFamily: undefined })
    return undefined
  })
  return {
    cancel: () => {
      for (const asking of askings) asking?.cancel()
    },
  }
}

/** Servers leave out addresses that do not fit into the answer (RFC 2181, section 9). A family that was there is not gone. */
function isWhole(glue: readonly AddressRecord[], before: readonly string[] = []): boolean {
  const families = new Set(glue.map(({ ip }) => isIP(ip)))
  return glue.length > 0 && before.every((ip) => families.has(isIP(ip)))
}

function readingOf(
  name: string,
  records: readonly SrvRecord[],
  known: KnownHosts,
  ttls: readonly number[],
  missing: readonly Exclude<Answer<AddressRecord>, { kind: 'records' }>[],
): Reading {
  const weights = weightsOf(records)
  const host = domainOf(name)
  const places = records.flatMap((record): Place[] => {
    const { target, port, priority } = record
    const service = { port, tier: priority, weight: weights.get(record)! }
    return (known.get(target)?.present ?? []).map((ip) => ({ ip, host, service }))
  })
  const [first] = missing
  if (places.length === 0 && first !== undefined) {
    const failure = missing.find(({ kind }) => kind === 'failed')
    return failure
      ? { kind: 'failed', code: failure.code }
      : { kind: 'empty', code: first.code, ttlMs: undefined }
  }
  const ttlMs = Math.min(...ttls, missing.length > 0 ? MISSING_AGAIN_MS : Number.POSITIVE_INFINITY)
  return { kind: 'places', places: withoutRepeats(places), ttlMs }
}

/**
 * The domain of a service. Only the config says whose certificate a server must show: who can forge an answer of DNS could
 * name a target of his own (RFC 6125, section 6.2.1).
 */
const domainOf = (service: string): string => service.replace(/^(?:_[^.]*\.)+/, '')

/** Two targets can have the same address. The first one counts. */
function withoutRepeats(places: readonly Place[]): Place[] {
  const seen = new Set<string>()
  return places.filter(({ ip, service }) => {
    const key = `${ip} ${service?.port}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** If one family could not be asked for, what is known of it stays. */
function ipsOf(
  { records, failedFamily }: RecordsAnswer<AddressRecord>,
  before: readonly string[] = [],
): string[] {
  const found = records.map(({ ip }) => unmapIpv4(ip))
  const kept = before.filter((ip) => isIP(ip) === failedFamily)
  return [...new Set([...found, ...kept])]
}

function knownOf(known: KnownHosts, host: string): LastGood<string> {
  const its = known.get(host) ?? new LastGood<string>()
  known.set(host, its)
  return its
}

const leastTtl = (records: readonly { readonly ttlMs: number }[]): number =>
  Math.min(...records.map(({ ttlMs }) => ttlMs))

/** What a reply means: records of the type that was asked for, none, or a failure of the server. Pure. */

import { isIP } from 'node:net'
import type { Answer as Rr } from 'dns-packet'
import {
  type AddressRecord,
  type Answer,
  canonicalIp,
  type EmptyAnswer,
  failed,
  type SrvRecord,
} from './answer.js'
import { isAskable } from './host-name.js'
import { codeOf, type Packet } from './packet.js'

/** RFC 8767 section 4. Longer ones are cut to this. It is also less than the longest timer. */
const LONGEST_TTL_S = 7 * 24 * 3600
/** Servers that follow a chain of CNAMEs themselves send the whole chain. */
const MOST_CNAMES = 16

interface Found {
  /** The records of the type, at the end of the chain of CNAMEs. */
  readonly records: readonly Rr[]
  /** The lowest TTL of the CNAMEs in seconds. */
  readonly ttlS: number
}

/** The addresses of `host` in a reply to a question for A or AAAA. */
export function addressesIn(packet: Packet, host: string, type: 'A' | 'AAAA'): Answer<AddressRecord> {
  return answerFrom(packet, host, type, ({ records, ttlS }) => addressRecords(records, ttlS))
}

/** The services of `name` in a reply to a question for SRV. */
export function servicesIn(packet: Packet, name: string): Answer<SrvRecord> {
  return answerFrom(packet, name, 'SRV', ({ records, ttlS }) => srvRecords(records, ttlS, packet))
}

function answerFrom<R>(
  packet: Packet,
  name: string,
  type: string,
  recordsOf: (found: Found) => readonly R[],
): Answer<R> {
  const code = codeOf(packet)
  if (code === 'NXDOMAIN') return empty(packet, code)
  if (code !== 'NOERROR') return failed(code)
  if (isLame(packet)) return failed('LAME')
  const records = recordsOf(followCnames(packet.answers ?? [], name, type))
  return records.length > 0 ? { kind: 'records', records, failedFamily: undefined } : empty(packet, 'NODATA')
}

/** The server names other servers instead of an answer, and does not ask them itself. */
const isLame = (packet: Packet): boolean =>
  packet.answers?.length === 0 &&
  !packet.flag_aa &&
  !packet.flag_ra &&
  packet.authorities?.some(({ type }) => type === 'NS') === true

function followCnames(answers: readonly Rr[], name: string, type: string): Found {
  let [current, ttlS] = [name, LONGEST_TTL_S]
  for (let steps = 0; steps <= MOST_CNAMES; steps++) {
    const own = answers.filter((record) => isOf(record, current))
    const records = own.filter((record) => record.type === type)
    const cname = own.find((record) => record.type === 'CNAME')
    if (records.length > 0 || cname?.type !== 'CNAME') return { records, ttlS }
    ttlS = Math.min(ttlS, ttlOf(cname))
    current = cname.data
  }
  return { records: [], ttlS }
}

/** The lower of the SOA's own TTL and its last field (RFC 2308 section 5). */
function empty(packet: Packet, code: EmptyAnswer['code']): EmptyAnswer {
  const soa = packet.authorities?.find((record) => record.type === 'SOA')
  if (soa?.type !== 'SOA') return { kind: 'empty', code, ttlMs: undefined }
  return { kind: 'empty', code, ttlMs: 1000 * Math.min(ttlOf(soa), soa.data.minimum ?? LONGEST_TTL_S) }
}

function addressRecords(records: readonly Rr[], ttlS: number): AddressRecord[] {
  return records.flatMap((record) => {
    // What dns-packet reads beyond the end of a packet is no address.
    if ((record.type !== 'A' && record.type !== 'AAAA') || isIP(record.data) === 0) return []
    return [{ ip: canonicalIp(record.data), ttlMs: 1000 * Math.min(ttlS, ttlOf(record)) }]
  })
}

/** The target "." says that there is no such service (RFC 2782). Targets that no host can have are left out, too. */
function srvRecords(records: readonly Rr[], ttlS: number, packet: Packet): SrvRecord[] {
  return records.flatMap((record) => {
    if (record.type !== 'SRV') return []
    const { port, priority = 0, weight = 0 } = record.data
    const target = record.data.target.toLowerCase()
    if (!isAskable(target) && isIP(target) === 0) return []
    const ttlMs = 1000 * Math.min(ttlS, ttlOf(record))
    return [{ target, port, priority, weight, ttlMs, addresses: glueOf(packet, target) }]
  })
}

const glueOf = (packet: Packet, target: string): AddressRecord[] =>
  addressRecords(
    (packet.additionals ?? []).filter((record) => isOf(record, target)),
    LONGEST_TTL_S,
  )

/** Names of records may be in another case than those of the question (RFC 4343). */
const isOf = (record: Rr, name: string): boolean =>
  record.type !== 'OPT' && record.class === 'IN' && record.name.toLowerCase() === name.toLowerCase()

const ttlOf = (record: Rr): number => (record.type === 'OPT' ? 0 : Math.min(record.ttl ?? 0, LONGEST_TTL_S))

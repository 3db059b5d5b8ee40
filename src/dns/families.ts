/** Joins the answers for A and for AAAA to one answer. Pure. */
import type { AddressRecord, Answer, EmptyAnswer } from './answer.js'

/**
 * One family with records is enough. A family that failed is then named, because its addresses may exist. A name without
 * records of one family means nothing if the other family failed.
 */
export function bothFamilies(
  ipv4: Answer<AddressRecord>,
  ipv6: Answer<AddressRecord>,
): Answer<AddressRecord> {
  const records = [ipv4, ipv6].flatMap((answer) => (answer.kind === 'records' ? answer.records : []))
  if (records.length > 0) return { kind: 'records', records, failedFamily: failedFamily(ipv4, ipv6) }
  if (ipv4.kind === 'empty' && ipv6.kind === 'empty') return bothEmpty(ipv4, ipv6)
  return ipv4.kind === 'failed' ? ipv4 : ipv6
}

function failedFamily(ipv4: Answer<AddressRecord>, ipv6: Answer<AddressRecord>): 4 | 6 | undefined {
  if (ipv4.kind === 'failed') return 4
  return ipv6.kind === 'failed' ? 6 : undefined
}

/** Some servers say NXDOMAIN for names that only lack one type. */
function bothEmpty(ipv4: EmptyAnswer, ipv6: EmptyAnswer): EmptyAnswer {
  const ttls = [ipv4.ttlMs, ipv6.ttlMs].filter((ttlMs) => ttlMs !== undefined)
  const code = ipv4.code === 'NXDOMAIN' && ipv6.code === 'NXDOMAIN' ? 'NXDOMAIN' : 'NODATA'
  return { kind: 'empty', code, ttlMs: ttls.length === 0 ? undefined : Math.min(...ttls) }
}

/**
 * From the weights of SRV records to weights of backends. RFC 2782 has 0 to 65535, and a cluster has 1 to 1000. Pure.
 */
import type { SrvRecord } from '../../dns/answer.js'

const HIGHEST = 1000

/**
 * A weight of 0 means a very small share beside others, and the same share as others of weight 0, so it becomes 1. If a
 * weight is too high, all of the same priority become smaller in the same proportion.
 */
export function weightsOf<Each extends Pick<SrvRecord, 'priority' | 'weight'>>(
  records: readonly Each[],
): ReadonlyMap<Each, number> {
  const highest = new Map<number, number>()
  for (const { priority, weight } of records)
    highest.set(priority, Math.max(weight, highest.get(priority) ?? 0))
  return new Map(
    records.map((record) => {
      const scale = Math.min(1, HIGHEST / Math.max(1, highest.get(record.priority)!))
      return [record, Math.max(1, Math.round(record.weight * scale))]
    }),
  )
}

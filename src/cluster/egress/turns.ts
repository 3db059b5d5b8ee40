/** The order in which the addresses of a name are dialled. Pure. */
import { isIPv6 } from 'node:net'
import type { ResolvedAddress } from '../../address.js'

/** Who owns a name chooses how many addresses it has. Each may cost `connectMs`, or two of both families together. */
const MOST_ADDRESSES = 4

/** What is dialled at once: an address, or one of each family. */
export type Turn = readonly [ResolvedAddress, ResolvedAddress?]

/** The first few addresses in their order. If there are two families, one of each is dialled at once. */
export function turnsOf(addresses: readonly ResolvedAddress[]): Turn[] {
  const isLikeFirst = (each: ResolvedAddress): boolean => isIpv6(each) === isIpv6(addresses[0]!)
  const [like, others] = [addresses.filter(isLikeFirst), addresses.filter((each) => !isLikeFirst(each))]
  if (others.length === 0) return like.slice(0, MOST_ADDRESSES).map((each) => [each])
  const turns = Array.from({ length: MOST_ADDRESSES / 2 }, (_, index) => [like[index], others[index]])
  return turns.flatMap(([first, second]): Turn[] => {
    if (first !== undefined && second !== undefined) return [[first, second]]
    const alone = first ?? second
    return alone === undefined ? [] : [[alone]]
  })
}

const isIpv6 = (address: ResolvedAddress): boolean => address.kind === 'tcp' && isIPv6(address.host)

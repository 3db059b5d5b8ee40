/**
 * The one place that decides what can be wrong with an order itself, whatever exists. The command, the API
 * and the proxy ask it. Each has its own words for the result, because they speak of flags, fields or
 * arguments. Pure.
 */
import { parseAddressRange } from '../address-set.js'
import {
  type BackendChange,
  type BanOrder,
  type ConnectionFilter,
  type DrainOptions,
  type DrainOrder,
  type FromOutside,
  type RateOrder,
  type UnbanOrder,
  WIDEST_BAN,
} from './orders.js'

/** `all-and-more`: the order names everything, and also a part of it. */
export type AllFault = 'nothing-named' | 'all-and-more'
/** `backend-alone`: the backend is named without its cluster. */
export type ScopeFault = 'listener-and-cluster' | 'backend-alone'
/** `spread-alone`: there is a spread but no deadline. */
export type TimesFault = 'spread-too-long' | 'spread-alone'
export type DrainFault = AllFault | ScopeFault | TimesFault
export type ChangeFault = 'nothing-changed'
/** `too-wide`: it bans more clients than anybody bans by purpose without saying so. */
export type BanFault = 'too-wide'

export function faultOfKill(order: FromOutside<ConnectionFilter>): AllFault | undefined {
  return faultOfAll(order)
}

/** The first fault of the order, if it has any. */
export function faultOfDrain(order: FromOutside<DrainOrder>): DrainFault | undefined {
  return faultOfTarget(order) ?? faultOfScope(order) ?? faultOfTimes(order)
}

/** Whether the order says what to drain. */
export function faultOfTarget(order: FromOutside<DrainOrder>): AllFault | undefined {
  const { listener, cluster, backend, all } = order
  return faultOfAll({ listener, cluster, backend, all })
}

/** Whether such a scope can exist. */
export function faultOfScope({ listener, cluster, backend }: DrainOrder): ScopeFault | undefined {
  if (listener !== undefined && cluster !== undefined) return 'listener-and-cluster'
  return backend !== undefined && cluster === undefined ? 'backend-alone' : undefined
}

/** A deadline of 0 means none, so there is nothing to spread. */
export function faultOfTimes({ deadlineMs, spreadMs }: DrainOptions): TimesFault | undefined {
  if (spreadMs === undefined || deadlineMs === 0) return undefined
  if (deadlineMs === undefined) return 'spread-alone'
  return spreadMs > deadlineMs ? 'spread-too-long' : undefined
}

export function faultOfRate({ up, down }: RateOrder): ChangeFault | undefined {
  return up === undefined && down === undefined ? 'nothing-changed' : undefined
}

export function faultOfChange({ state, weight }: BackendChange): ChangeFault | undefined {
  return state === undefined && weight === undefined ? 'nothing-changed' : undefined
}

/** The text must be a network. */
export function faultOfBan({ client, all }: Pick<BanOrder, 'client' | 'all'>): BanFault | undefined {
  const range = parseAddressRange(client)
  if (all || typeof range === 'string') return undefined
  return range.prefix < WIDEST_BAN[range.family] ? 'too-wide' : undefined
}

export function faultOfUnban(order: FromOutside<UnbanOrder>): AllFault | undefined {
  return faultOfAll(order)
}

function faultOfAll({ all, ...parts }: FromOutside<ConnectionFilter>): AllFault | undefined {
  const isOfParts = Object.values(parts).some((part) => part !== undefined)
  if (all) return isOfParts ? 'all-and-more' : undefined
  return isOfParts ? undefined : 'nothing-named'
}

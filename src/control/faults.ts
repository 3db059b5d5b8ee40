/**
 * What can be wrong with an order in itself, whatever there is to carry it out on: the one place that decides it. The
 * command, the API and the proxy ask here, and say what was found in their own words: of flags, fields or arguments. Pure.
 */
import type { BackendChange, ConnectionFilter, DrainOptions, DrainOrder, FromOutside } from './orders.js'

/** `all-and-more`: everything, and beside it a part of that. */
export type AllFault = 'nothing-named' | 'all-and-more'
/** `backend-alone`: without its cluster. */
export type ScopeFault = 'listener-and-cluster' | 'backend-alone'
/** `spread-alone`: without a deadline. */
export type TimesFault = 'spread-too-long' | 'spread-alone'
export type DrainFault = AllFault | ScopeFault | TimesFault
export type ChangeFault = 'nothing-changed'

export function faultOfKill(order: FromOutside<ConnectionFilter>): AllFault | undefined {
  return faultOfAll(order)
}

/** The first of all that can be wrong with it. */
export function faultOfDrain(order: FromOutside<DrainOrder>): DrainFault | undefined {
  return faultOfTarget(order) ?? faultOfScope(order) ?? faultOfTimes(order)
}

/** Whether it is said what is to be drained. */
export function faultOfTarget(order: FromOutside<DrainOrder>): AllFault | undefined {
  const { listener, cluster, backend, all } = order
  return faultOfAll({ listener, cluster, backend, all })
}

/** Whether there can be such a thing. */
export function faultOfScope({ listener, cluster, backend }: DrainOrder): ScopeFault | undefined {
  if (listener !== undefined && cluster !== undefined) return 'listener-and-cluster'
  return backend !== undefined && cluster === undefined ? 'backend-alone' : undefined
}

/** A deadline of 0 is none: there is nothing to spread before it. */
export function faultOfTimes({ deadlineMs, spreadMs }: DrainOptions): TimesFault | undefined {
  if (spreadMs === undefined || deadlineMs === 0) return undefined
  if (deadlineMs === undefined) return 'spread-alone'
  return spreadMs > deadlineMs ? 'spread-too-long' : undefined
}

export function faultOfChange({ state, weight }: BackendChange): ChangeFault | undefined {
  return state === undefined && weight === undefined ? 'nothing-changed' : undefined
}

function faultOfAll({ all, ...parts }: FromOutside<ConnectionFilter>): AllFault | undefined {
  const isOfParts = Object.values(parts).some((part) => part !== undefined)
  if (all) return isOfParts ? 'all-and-more' : undefined
  return isOfParts ? undefined : 'nothing-named'
}

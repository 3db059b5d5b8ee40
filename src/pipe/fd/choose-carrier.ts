/**
 * Which carrier a flow between fds has, and when that changes: small messages are faster copied, bulk is cheaper
 * spliced. A carrier changes only when it holds no byte.
 */
import type { Carrier } from '../carrier.js'
import { WatchedCarrier } from '../watched-carrier.js'
import { copyCarrier } from './copy-carrier.js'
import type { FdFlow } from './fd-flow.js'
import { kernelCarrier } from './kernel-carrier.js'
import { SpliceState } from './splice-state.js'

/** A copy that moved this much at once is bulk: splice wins from about here on. */
export const PROMOTE_BYTES = 32 * 1024
/** Splices smaller than this cost more than a copy; this many of them in a row are messages, no bulk any more. */
const DEMOTE_BYTES = 16 * 1024
const DEMOTE_AFTER = 4

/** The carrier to begin with. */
export function firstCarrier(flow: FdFlow): Carrier<FdFlow> {
  return flow.mode === 'on' ? afterCopy(flow, 0) : copyCarrier
}

/** The carrier to go on with, after `came` bytes came in through the present one. */
export function nextCarrier(flow: FdFlow, came: number): Carrier<FdFlow> {
  const { carrier } = flow
  if (flow.state?.held !== undefined) return copyCarrier
  if (flow.inside > 0) return carrier
  if (carrier === kernelCarrier) return afterSplice(flow, came)
  if (carrier === copyCarrier) return afterCopy(flow, came)
  return carrier instanceof WatchedCarrier && !carrier.isDone ? carrier : firstCarrier(flow)
}

/** Whether a copy of `came` bytes at once is reason to splice. */
export function isBulk({ mode }: FdFlow, came: number): boolean {
  return mode === 'on' || (mode === 'auto' && came >= PROMOTE_BYTES)
}

/** Anew, after a time of copying or for the first time. */
export function beginSplicing(flow: FdFlow): Carrier<FdFlow> {
  flow.state ??= new SpliceState()
  flow.state.smallMoves = 0
  return kernelCarrier
}

function afterCopy(flow: FdFlow, came: number): Carrier<FdFlow> {
  const isHolding = flow.state?.held !== undefined
  if (!isBulk(flow, came) || isHolding || flow.whyNotSplicing !== undefined) return copyCarrier
  if (flow.mode === 'auto') flow.counters.promotions++
  return beginSplicing(flow)
}

function afterSplice(flow: FdFlow, came: number): Carrier<FdFlow> {
  if (flow.whyNotSplicing !== undefined) return copyCarrier
  const state = flow.state!
  if (came === 0) return kernelCarrier
  state.smallMoves = came < DEMOTE_BYTES ? state.smallMoves + 1 : 0
  if (state.smallMoves < DEMOTE_AFTER) return kernelCarrier
  if (flow.mode === 'on') return kernelCarrier
  flow.counters.demotions++
  return copyCarrier
}

/**
 * Chooses the carrier of a flow between fds, and decides when it changes. Small messages are faster when
 * copied. Bulk is cheaper when spliced. A carrier changes only when it holds no byte.
 */
import type { Carrier } from '../carrier.js'
import { WatchedCarrier } from '../watched-carrier.js'
import { copyCarrier } from './copy-carrier.js'
import type { FdFlow } from './fd-flow.js'
import { kernelCarrier } from './kernel-carrier.js'
import { SpliceState } from './splice-state.js'

/** A copy that moved this much at once is bulk. From about here on, splicing is cheaper. */
export const PROMOTE_BYTES = 32 * 1024
/**
 * A splice smaller than this costs more than a copy. After DEMOTE_AFTER of them in a row, the flow has
 * messages and no bulk any more.
 */
const DEMOTE_BYTES = 16 * 1024
const DEMOTE_AFTER = 4

/** The carrier of a new flow. */
export function firstCarrier(flow: FdFlow): Carrier<FdFlow> {
  return flow.mode === 'on' ? afterCopy(flow, 0) : copyCarrier
}

/** The carrier for the next move. The present one has just brought in `came` bytes. */
export function nextCarrier(flow: FdFlow, came: number): Carrier<FdFlow> {
  const { carrier } = flow
  if (flow.state?.held !== undefined) return copyCarrier
  if (flow.inside > 0) return carrier
  if (carrier === kernelCarrier) return afterSplice(flow, came)
  if (carrier === copyCarrier) return afterCopy(flow, came)
  return carrier instanceof WatchedCarrier && !carrier.isDone ? carrier : firstCarrier(flow)
}

/** Whether a copy of `came` bytes at once is a reason to splice. */
export function isBulk({ mode }: FdFlow, came: number): boolean {
  return mode === 'on' || (mode === 'auto' && came >= PROMOTE_BYTES)
}

/** Starts to splice, for the first time or after a time of copying. */
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

/**
 * Which carrier a direction has, and when that changes: small messages are faster copied, bulk is cheaper
 * spliced. A carrier changes only when it holds no byte.
 */
import { FdSocket } from '../io/fd-socket.js'
import type { NotSplicing } from '../io/not-splicing.js'
import type { Carrier } from './carrier.js'
import { copyCarrier } from './copy-carrier.js'
import type { Direction } from './direction.js'
import { kernelCarrier } from './kernel-carrier.js'
import { streamCarrier } from './stream-carrier.js'
import type { WatchedCarrier } from './watched-carrier.js'

/** A copy that moved this much at once is bulk: splice wins from about here on. */
export const PROMOTE_BYTES = 32 * 1024
/** Splices smaller than this cost more than a copy; this many of them in a row are messages, no bulk any more. */
const DEMOTE_BYTES = 16 * 1024
const DEMOTE_AFTER = 4

/** The carrier to begin with. */
export function firstCarrier(direction: Direction): Carrier {
  if (!isPlain(direction)) return streamCarrier
  return direction.mode === 'on' ? afterCopy(direction, 0) : copyCarrier
}

/** The carrier to go on with, after `came` bytes came in through the present one. */
export function nextCarrier(direction: Direction, came: number): Carrier {
  if (direction.carrier === streamCarrier) return streamCarrier
  if (direction.held !== undefined) return copyCarrier
  if (direction.inside > 0) return direction.carrier
  if (direction.carrier === kernelCarrier) return afterSplice(direction, came)
  if (direction.carrier === copyCarrier) return afterCopy(direction, came)
  return (direction.carrier as WatchedCarrier).isDone ? firstCarrier(direction) : direction.carrier
}

/** Why this direction may not splice at this moment. */
export function whyNotSplicing(direction: Direction): NotSplicing | undefined {
  if (direction.mode === 'off') return 'switched-off'
  return direction.cargo?.refusal ?? direction.source.notSplicing
}

/** Why this direction's bytes are copied at this moment; undefined where they are spliced. */
export function whyCopying(direction: Direction): NotSplicing | undefined {
  if (direction.carrier === kernelCarrier) return undefined
  return whyNotSplicing(direction) ?? (direction.mode === 'auto' ? 'small' : undefined)
}

/** Whether a copy of `came` bytes at once is reason to splice. */
export function isBulk({ mode }: Direction, came: number): boolean {
  return mode === 'on' || (mode === 'auto' && came >= PROMOTE_BYTES)
}

function afterCopy(direction: Direction, came: number): Carrier {
  if (!isBulk(direction, came) || direction.held !== undefined || whyNotSplicing(direction) !== undefined)
    return copyCarrier
  if (direction.mode === 'auto') direction.counters.promotions++
  direction.beginSplicing()
  return kernelCarrier
}

function afterSplice(direction: Direction, came: number): Carrier {
  if (whyNotSplicing(direction) !== undefined) return copyCarrier
  const cargo = direction.cargo!
  if (came === 0) return kernelCarrier
  cargo.smallMoves = came < DEMOTE_BYTES ? cargo.smallMoves + 1 : 0
  if (cargo.smallMoves < DEMOTE_AFTER) return kernelCarrier
  if (direction.mode === 'on') return kernelCarrier
  direction.counters.demotions++
  return copyCarrier
}

const isPlain = ({ source, sink }: Direction): boolean =>
  source instanceof FdSocket && sink instanceof FdSocket

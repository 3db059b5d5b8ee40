/** What the two directions of a pipe have in common: totals, a budget, and the side that a deadline waited for. */
import type { Direction } from './direction.js'
import type { FrozenPipe } from './frozen.js'
import type { PipeCause, PipeEnding, PipeTotals } from './options.js'
import type { PipeLimits } from './throttle.js'

/** Bytes that one direction may take per run before others get their turn. */
const RUN_BUDGET_BYTES = 1024 * 1024

/** How many bytes either direction may take in its next move. */
export function budgetOf(limits: PipeLimits | undefined, up: Direction, down: Direction): number {
  if (limits === undefined) return RUN_BUDGET_BYTES
  return Math.min(RUN_BUDGET_BYTES, limits.left(receivedOf(up, down)))
}

/** Bytes taken from both sides. */
export function receivedOf(up: Direction, down: Direction): number {
  return up.bytes + up.inside + down.bytes + down.inside
}

/** Grows with each byte that comes in and with each that goes out. */
export function progressOf(up: Direction, down: Direction): number {
  return up.inside + 2 * up.bytes + down.inside + 2 * down.bytes
}

/** Bytes that both peers together have not acknowledged. Undefined if nobody can tell. */
export function unacknowledgedOf(up: Direction, down: Direction): number | undefined {
  const [toBackend, toClient] = [up.sink.unacknowledgedBytes(), down.sink.unacknowledgedBytes()]
  return toBackend === undefined || toClient === undefined ? undefined : toBackend + toClient
}

export function totalsOf(up: Direction, down: Direction): PipeTotals {
  return {
    bytesUp: up.bytes,
    bytesDown: down.bytes,
    splicedUp: up.splicedBytes,
    splicedDown: down.splicedBytes,
    receivedUp: up.bytes + up.inside,
    receivedDown: down.bytes + down.inside,
    notSplicing: whyNotSplicing(up, down),
  }
}

/**
 * The side that a deadline waited for. If bytes are stuck, it is the side that does not take them. Otherwise
 * a half-closed timeout waits for the side that has not finished.
 */
export function waitedFor(up: Direction, down: Direction, cause: PipeCause): PipeEnding['waitedFor'] {
  if (cause !== 'idle-timeout' && cause !== 'half-closed-timeout') return undefined
  if (down.isStuck) return 'client'
  if (up.isStuck) return 'backend'
  if (cause === 'idle-timeout') return undefined
  return up.isOver ? 'backend' : 'client'
}

/** Undefined: one of the directions cannot be moved now. */
export function bothFrozen(up: Direction, down: Direction): Pick<FrozenPipe, 'up' | 'down'> | undefined {
  const [upwards, downwards] = [up.freeze(), down.freeze()]
  return upwards && downwards && { up: upwards, down: downwards }
}

function whyNotSplicing(up: Direction, down: Direction): PipeTotals['notSplicing'] {
  if (up.splicedBytes + down.splicedBytes > 0) return up.refusal ?? down.refusal
  return up.whyNotSplicing ?? down.whyNotSplicing ?? (up.mode === 'auto' ? 'small' : undefined)
}

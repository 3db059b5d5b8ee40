/** What the two directions of a pipe have in common: totals, and the side that a deadline waited for. */
import type { Direction } from './direction.js'
import type { PipeCause, PipeEnding, PipeTotals } from './options.js'

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

function whyNotSplicing(up: Direction, down: Direction): PipeTotals['notSplicing'] {
  if (up.splicedBytes + down.splicedBytes > 0) return up.refusal ?? down.refusal
  return up.whyNotSplicing ?? down.whyNotSplicing ?? (up.mode === 'auto' ? 'small' : undefined)
}

/** What follows from both directions of a pipe together. */
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

/** Of a deadline: who took nothing of what was under way; of an end that is still to come, else, whose that is. */
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

/**
 * Mutes a source whose sink is full, or whose flow waits for its turn under a limit. Otherwise each arriving
 * segment would wake the process for nothing, thousands of times a GB. A muted source counts as readable, so that
 * the sink's next event also reads what has come.
 */
import { READABLE, WRITABLE } from '../../io/socket.js'
import type { FdFlow } from './fd-flow.js'

/** Called after each run of the pipe. */
export function muteWhileFull({ phase, inside, isHeldBack, source, sink }: FdFlow): void {
  // With nothing inside, the sink may be fine: its first WRITABLE event may not have come yet.
  const isFull = inside > 0 && (sink.ready & WRITABLE) === 0
  if (phase === 'flowing' && (isFull || isHeldBack)) {
    source.mute()
    source.ready |= READABLE
  } else if ((source.ready & READABLE) === 0) {
    source.unmute()
  }
}

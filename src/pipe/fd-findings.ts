/**
 * What a native transfer found out, told to the direction and to both sockets' readiness. A readiness bit is
 * cleared here and only by what the addon proved.
 */
import type { FdSocket } from '../io/fd-socket.js'
import { errnoName } from '../io/native.js'
import * as native from '../io/native-constants.js'
import { BROKEN, PEER_ENDED, READABLE, URGENT, WRITABLE } from '../io/socket.js'
import { MUST_WAIT } from './carrier.js'
import type { Direction } from './direction.js'

/** What the addon must know of the source before it reads. */
export function hintsFor(direction: Direction): number {
  const { ready } = direction.source
  let hints = direction.cargo?.mayBeEmpty === true ? native.HINT_MAY_BE_EMPTY : 0
  if (direction.phase === 'flowing' && (ready & READABLE) !== 0) hints |= native.HINT_READABLE
  if ((ready & URGENT) !== 0) hints |= native.HINT_MAY_BE_URGENT
  if ((ready & (PEER_ENDED | BROKEN)) !== 0) hints |= native.HINT_READ_TO_THE_END
  return hints
}

/** Applies the findings that mean the same whoever moved the bytes. */
export function applyFindings(direction: Direction, found: number, outcome: Int32Array): void {
  if ((found & native.SOURCE_EMPTY) !== 0) direction.source.ready &= ~(READABLE | URGENT)
  if ((found & native.SINK_FULL) !== 0) sinkIsFull(direction)
  if ((found & native.SOURCE_ENDED) !== 0) direction.sourceEnded()
  if ((found & (native.SOURCE_FAILED | native.SINK_FAILED)) === 0) return
  const errno = errnoName(outcome[native.ERROR]!)
  const failed = (found & native.SOURCE_FAILED) !== 0 ? direction.source : direction.sink
  direction.socketFailed(failed, errno)
}

function sinkIsFull({ sink, counters }: Direction): void {
  sink.ready &= ~WRITABLE
  counters.sinkFull++
}

/** What a carrier answers that took `came` bytes. */
export const cameOrMustWait = (came: number, found: number): number =>
  (found & native.TRY_LATER) === 0 ? came : MUST_WAIT

/** Keeps the bytes that a transfer took and found no place for. */
export function holdRest(direction: Direction, source: FdSocket): void {
  const { outcome, scratch } = source.loop
  const bytes = outcome[native.LEFT_BYTES]!
  if (bytes === 0) return
  const at = outcome[native.LEFT_AT]!
  direction.held = Buffer.from(scratch.subarray(at, at + bytes))
}

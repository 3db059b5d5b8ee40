/**
 * Tells the flow and both sockets what a native transfer found. It clears a readiness bit only for what the
 * addon proved.
 */
import { errnoName } from '../../io/kernel/native.js'
import * as native from '../../io/kernel/native-constants.js'
import { BROKEN, PEER_ENDED, READABLE, URGENT, WRITABLE } from '../../io/socket.js'
import { MUST_WAIT } from '../carrier.js'
import { type FdFlow, hold } from './fd-flow.js'

/** What the addon must know about the source before it reads at most `budget` bytes. */
export function hintsFor(flow: FdFlow, budget: number): number {
  const { ready } = flow.source
  let hints = flow.state?.mayBeEmpty === true ? native.HINT_MAY_BE_EMPTY : 0
  if (budget > 0 && flow.phase === 'flowing' && (ready & READABLE) !== 0) hints |= native.HINT_READABLE
  if ((ready & URGENT) !== 0) hints |= native.HINT_MAY_BE_URGENT
  if ((ready & (PEER_ENDED | BROKEN)) !== 0) hints |= native.HINT_READ_TO_THE_END
  return hints
}

/** Applies the findings that mean the same for every carrier. */
export function applyFindings(flow: FdFlow, found: number): void {
  if ((found & native.SOURCE_EMPTY) !== 0) flow.source.ready &= ~(READABLE | URGENT)
  if ((found & native.SINK_FULL) !== 0) sinkIsFull(flow)
  if ((found & native.SOURCE_ENDED) !== 0) flow.sourceEnded()
  if ((found & (native.SOURCE_FAILED | native.SINK_FAILED)) === 0) return
  const errno = errnoName(flow.source.loop.outcome[native.ERROR]!)
  const failed = (found & native.SOURCE_FAILED) !== 0 ? flow.source : flow.sink
  flow.socketFailed(failed, errno)
}

function sinkIsFull({ sink, counters }: FdFlow): void {
  sink.ready &= ~WRITABLE
  counters.sinkFull++
}

/** What a carrier returns that took `came` bytes. */
export const cameOrMustWait = (came: number, found: number): number =>
  (found & native.TRY_LATER) === 0 ? came : MUST_WAIT

/** Keeps the bytes that a transfer took from the source and that the sink did not take. */
export function holdRest(flow: FdFlow): void {
  const { outcome, scratch } = flow.source.loop
  const bytes = outcome[native.LEFT_BYTES]!
  if (bytes === 0) return
  const at = outcome[native.LEFT_AT]!
  hold(flow, Buffer.from(scratch.subarray(at, at + bytes)))
}

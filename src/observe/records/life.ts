/** What is known of the life of a connection, or of a part of it, to find out who makes it slow (limited-by.ts). Pure. */
import type { TcpSending } from '../../io/tcp-info.js'
import type { PipeTotals } from '../../pipe/options.js'
import type { Slowed, SlowedDirections } from '../../pipe/throttle.js'

/** From the accept, or from a later look, until now. */
export interface Life {
  readonly totalMicros: number
  /** From the accept until the cluster was known. */
  readonly waitMicros: number
  /** Of `waitMicros`: in the `route` function, while it waited for no byte of the client. */
  readonly routeMicros: number
  readonly queuedMicros: number
  readonly connectMicros: number
  /** Since the backend accepted. Undefined: no byte came from it. */
  readonly firstByteMicros: number | undefined
  /** All bytes of the client came before all bytes of the backend, or only one side has sent. False: no, or not known. */
  readonly isOneTurn: boolean
  readonly client: TcpSending
  readonly backend: TcpSending
  readonly totals: PipeTotals
  readonly slowed: SlowedDirections | undefined
}

/** The life since it was `before`. Then there was a pipe already. */
export function lifeSince(before: Life, now: Life): Life {
  const { waitMicros, queuedMicros, connectMicros, firstByteMicros } = now
  const { receivedUp, receivedDown } = before.totals
  const isOneSided = now.totals.receivedUp === receivedUp || now.totals.receivedDown === receivedDown
  const answeredAt = waitMicros + queuedMicros + connectMicros + (firstByteMicros ?? 0)
  return {
    totalMicros: now.totalMicros - before.totalMicros,
    waitMicros: 0,
    routeMicros: 0,
    queuedMicros: 0,
    connectMicros: 0,
    firstByteMicros: firstByteMicros && Math.max(0, answeredAt - before.totalMicros),
    isOneTurn: isOneSided || now.isOneTurn,
    client: sendingSince(before.client, now.client),
    backend: sendingSince(before.backend, now.backend),
    totals: {
      ...now.totals,
      receivedUp: bytesSince(receivedUp, now.totals.receivedUp),
      receivedDown: bytesSince(receivedDown, now.totals.receivedDown),
    },
    slowed: {
      up: slowedSince(before.slowed?.up, now.slowed?.up),
      down: slowedSince(before.slowed?.down, now.slowed?.down),
    },
  }
}

/** At least 1 if there was ever one: whoever waits for an answer may have asked before. */
const bytesSince = (before: number, now: number): number => Math.max(now - before, Math.min(1, now))

function sendingSince(before: TcpSending, now: TcpSending): TcpSending {
  return {
    ...now,
    busyMicros: now.busyMicros - before.busyMicros,
    rwndMicros: now.rwndMicros - before.rwndMicros,
    sndbufMicros: now.sndbufMicros - before.sndbufMicros,
    retransmits: now.retransmits - before.retransmits,
    ackedBytes: now.ackedBytes - before.ackedBytes,
  }
}

function slowedSince(before: Slowed | undefined, now: Slowed | undefined): Slowed | undefined {
  if (now?.waitedMs === undefined) return now
  return { ...now, waitedMs: now.waitedMs - (before?.waitedMs ?? 0) }
}

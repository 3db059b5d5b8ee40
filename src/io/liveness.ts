/**
 * How the kernel finds out that a peer has vanished. A peer that was switched off or cut off sends neither
 * FIN nor reset. Without probes, a connection that sends nothing would never notice.
 */
import type { Socket as NetSocket } from 'node:net'

/** Probes of a connection on which nothing arrives. Times are in ms, and must be whole seconds. */
export interface Keepalive {
  /** Silence before the first probe (TCP_KEEPIDLE). */
  readonly idleMs: number
  /** Time between two probes (TCP_KEEPINTVL). */
  readonly everyMs: number
  /** How many unanswered probes in a row end the connection (TCP_KEEPCNT). */
  readonly count: number
}

/** A connection that ends because of these counts as reset, with the errno ETIMEDOUT. */
export interface Liveness {
  /** False: no probes. */
  readonly keepalive: Keepalive | false
  /**
   * How long sent bytes or probes may stay unacknowledged (TCP_USER_TIMEOUT), in ms. 0: the system decides.
   */
  readonly deadPeerMs: number
}

export const NO_LIVENESS: Liveness = { keepalive: false, deadPeerMs: 0 }

/** What the addon takes: seconds of silence (0: no probes), seconds between probes, their number, ms. */
export function livenessArguments({
  keepalive,
  deadPeerMs,
}: Liveness): [idleS: number, everyS: number, count: number, deadPeerMs: number] {
  if (keepalive === false) return [0, 0, 0, deadPeerMs]
  return [keepalive.idleMs / 1000, keepalive.everyMs / 1000, keepalive.count, deadPeerMs]
}

/** Node can set only the silence before the first probe. libuv sets the rest: ten probes, one a second. */
export function keepNodeAlive(socket: NetSocket, { keepalive }: Liveness): void {
  if (keepalive !== false) socket.setKeepAlive(true, keepalive.idleMs)
}

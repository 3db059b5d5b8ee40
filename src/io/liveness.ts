/**
 * How the kernel finds out that a peer has vanished: one that was switched off or cut off sends neither FIN nor reset,
 * and a connection that sends nothing would never know.
 */
import type { Socket as NetSocket } from 'node:net'

/** Probes of a connection on which nothing comes. All in whole seconds of ms. */
export interface Keepalive {
  /** Silence before the first probe (TCP_KEEPIDLE). */
  readonly idleMs: number
  /** Between probes (TCP_KEEPINTVL). */
  readonly everyMs: number
  /** Unanswered probes that end the connection (TCP_KEEPCNT). */
  readonly count: number
}

/** An end that is found out like this is a reset with the errno ETIMEDOUT. */
export interface Liveness {
  /** False: no probes. */
  readonly keepalive: Keepalive | false
  /** How long sent bytes or probes may stay unacknowledged (TCP_USER_TIMEOUT), in ms. 0: as long as the system says. */
  readonly deadPeerMs: number
}

export const NO_LIVENESS: Liveness = { keepalive: false, deadPeerMs: 0 }

/** As the addon takes it: seconds of silence (0: no probes), seconds between probes, their number, ms. */
export function livenessArguments({
  keepalive,
  deadPeerMs,
}: Liveness): [idleS: number, everyS: number, count: number, deadPeerMs: number] {
  if (keepalive === false) return [0, 0, 0, deadPeerMs]
  return [keepalive.idleMs / 1000, keepalive.everyMs / 1000, keepalive.count, deadPeerMs]
}

/** Node cannot set more than the silence before the first probe: the rest are libuv's ten probes, one a second. */
export function keepNodeAlive(socket: NetSocket, { keepalive }: Liveness): void {
  if (keepalive !== false) socket.setKeepAlive(true, keepalive.idleMs)
}

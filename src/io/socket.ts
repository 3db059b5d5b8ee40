/**
 * One end of a connection, as a pipe sees it. Behind it is a file descriptor of our own (fd-socket.ts) or a
 * Node stream (stream-socket.ts). Readiness is sticky: an event sets a bit, and only a call that proves
 * otherwise clears it.
 */

import type { Socket as NetSocket } from 'node:net'
import type { Address } from '../address.js'
import type { Liveness } from './liveness.js'
import type { NotSplicing } from './not-splicing.js'
import type { TcpInfo } from './tcp-info.js'

/** Bytes, an end or an error may be there to read. */
export const READABLE = 1
/** The sink can take bytes. */
export const WRITABLE = 2
/** The peer has sent FIN. Unread bytes may still be queued before it. */
export const PEER_ENDED = 4
/** The connection is broken both ways. Unread bytes may still be queued. */
export const BROKEN = 8
/** An urgent byte (TCP URG) is or was pending: splice(2) stops in front of it. */
export const URGENT = 16
/** This bit is no readiness. While it is set, arriving bytes cause no event. */
export const MUTED = 32

/** An owner of sockets. It runs when one of them became ready. */
export interface Runnable {
  /** Set by the scheduler: true while a run is due. */
  isQueued: boolean
  /** Does what is ready. Called again after any further event. */
  run(): void
}

/** An owner whose bytes an offload may also move, without a run. */
export interface Offloading extends Runnable {
  /**
   * Called within a batch. The addon moved bytes of `source` without a run, or could not move them. `came`
   * and `went` count the bytes. `found` has the same findings as a move that the owner asks for.
   */
  carried(source: Socket, came: number, went: number, found: number): void
}

export interface Socket {
  readonly kind: 'fd' | 'stream'
  /** Why the kernel cannot splice this socket. Undefined if it can. */
  readonly notSplicing: NotSplicing | undefined
  /** The readiness bits above. */
  ready: number
  /** Is told of events. If undefined, nobody is told, but the bits still gather. */
  owner: Runnable | undefined
  /** First error of this connection, as an errno name. The kernel tells it once. Both directions need it. */
  error: string | undefined
  /** Whether all bytes, and the FIN after them, have left this process. */
  readonly isFlushed: boolean
  /** Bytes handed over that still wait in this process, not in the kernel. */
  readonly queuedBytes: number
  readonly isClosed: boolean
  /**
   * Shows at most `most` of the bytes that arrived and nobody took, from the first on. They stay where they
   * are. The view is valid until the next call on any socket. Empty if nothing is there at this moment.
   */
  peek(most: number): Buffer
  /** Does the same and takes the bytes. */
  read(most: number): Buffer
  /** Says that `peek` shows too few bytes. The kernel receives on anyway, but a stream must be asked. */
  awaitMore(): void
  /** Hands over what goes now, and returns how many bytes. The rest may follow once it is WRITABLE. */
  send(bytes: Buffer): number
  /**
   * Gives the connection to Node's TLS: paused, with all bytes that nobody took. Undefined if it is closed or
   * is no net.Socket. Only TLS sees later bytes, because it reads below the stream, which may have memory of
   * ours.
   */
  release(): NetSocket | undefined
  /** Sends FIN after all bytes handed over so far. Later calls do nothing. */
  shutdown(): void
  /** Closes in order: the peer still gets what was handed over. May be called twice and inside a callback. */
  close(): void
  /** Closes with a reset (SO_LINGER 0), so that the peer can tell truncation from an end. */
  reset(): void
  /** Tells the kernel how to find out that the peer has vanished, as far as the platform allows. */
  setLiveness(liveness: Liveness): void
  /**
   * Lets the kernel send to the peer at most at this rate. 0: without a limit. False: nobody limits the socket,
   * because it is not TCP, the platform cannot, or the connection is gone.
   */
  setPacing(bytesPerSecond: number): boolean
  /** Bytes the peer has not acknowledged (SIOCOUTQ), or undefined where the platform does not tell. */
  unacknowledgedBytes(): number | undefined
  /** The address that the peer connected to. Undefined if nobody can tell any more. */
  localAddress(): Address | undefined
  /** Undefined where the platform does not tell, and for other sockets than TCP. */
  tcpInfo(): TcpInfo | undefined
}

/**
 * What a pipe sees of one end, whatever is behind it: a file descriptor of our own (fd-socket.ts) or a
 * Node stream (stream-socket.ts). Readiness is sticky: a bit is set by an event and cleared only by proof.
 */

import type { Socket as NetSocket } from 'node:net'
import type { Address } from '../address.js'
import type { Liveness } from './liveness.js'
import type { NotSplicing } from './not-splicing.js'

/** Bytes, an end or an error may be there to read. */
export const READABLE = 1
/** Bytes can be taken by the sink. */
export const WRITABLE = 2
/** The peer has sent FIN; unread bytes may still be queued before it. */
export const PEER_ENDED = 4
/** The connection is broken both ways; unread bytes may still be queued. */
export const BROKEN = 8
/** An urgent byte (TCP URG) is or was pending: splice(2) stops in front of it. */
export const URGENT = 16
/** No readiness: bytes that arrive are no event for the time being. */
export const MUTED = 32

/** Somebody who is told that a socket of theirs became ready. */
export interface Runnable {
  /** Kept by whoever schedules: true while a run is already due. */
  isQueued: boolean
  /** Do what is ready. Called again after any further event. */
  run(): void
}

/** One whose bytes may also be moved without a run, by an offload. */
export interface Offloading extends Runnable {
  /**
   * Within a batch: bytes of `source` were moved without a run, or could not be. How many came and went, and what was
   * found out, as after a move that was asked for.
   */
  carried(source: Socket, came: number, went: number, found: number): void
}

export interface Socket {
  readonly kind: 'fd' | 'stream'
  /** Why this socket cannot be spliced; undefined where the kernel can. */
  readonly notSplicing: NotSplicing | undefined
  /** The bits above. */
  ready: number
  /** Who is told of events; undefined while nobody wants to know (the bits still gather). */
  owner: Runnable | undefined
  /** First error of this connection as an errno name. Told once by the kernel, so kept here for both directions. */
  error: string | undefined
  /** Whether everything handed to `shutdown` and before has left this process. */
  readonly isFlushed: boolean
  /** Bytes handed over that wait inside this process (not in the kernel). */
  readonly queuedBytes: number
  readonly isClosed: boolean
  /**
   * What has come and nobody took, from its beginning, at most `most` bytes; it stays where it is. The view is
   * good until the next call of anything on any socket. Empty where nothing is there at this moment.
   */
  peek(most: number): Buffer
  /** The same, taken. */
  read(most: number): Buffer
  /** Says that what `peek` shows is not enough. A kernel goes on receiving anyway; a stream has to be asked. */
  awaitMore(): void
  /** Hands over what goes: how many bytes. Where that is not all, the rest may follow once it is WRITABLE. */
  send(bytes: Buffer): number
  /**
   * Gives the connection to Node's TLS, paused, with all that was not taken; undefined where it is none of Node's
   * kind. What comes later only TLS gets to see: it reads below the stream, which may have memory of ours.
   */
  release(): NetSocket | undefined
  /** Sends FIN after all bytes handed over so far. Once; later calls do nothing. */
  shutdown(): void
  /** Closes in order: what was handed over is still delivered. Safe to call twice and inside a callback. */
  close(): void
  /** Closes with a reset (SO_LINGER 0), so that the peer can tell truncation from an end. */
  reset(): void
  /** Lets the kernel find out that the peer has vanished, as far as it is told here. */
  setLiveness(liveness: Liveness): void
  /** Bytes the peer has not acknowledged (SIOCOUTQ), or undefined where the platform does not tell. */
  unacknowledgedBytes(): number | undefined
  /** Where the peer connected to, or undefined where nobody can tell any more. */
  localAddress(): Address | undefined
  /** Smoothed round-trip time in µs (TCP_INFO), or undefined where the platform does not tell. */
  roundTripMicros(): number | undefined
}

/**
 * An engine listens, dials and keeps deadlines. Two exist with one behaviour: kernel-engine.ts on file
 * descriptors of our own (Linux with the addon) and stream-engine.ts on node:net (everywhere).
 */
import type { Address, PeerAddress } from '../address.js'
import type { NativeCounts } from './kernel/native.js'
import type { ServerHandle } from './listening/server-handle.js'
import type { SocketFile } from './listening/socket-file.js'
import type { Liveness } from './liveness.js'
import type { NotSplicing } from './not-splicing.js'
import type { RunQueue } from './run-queue.js'
import type { Socket } from './socket.js'
import type { Sweep } from './sweep.js'

/** How much kernel pipes may take. */
export interface PipeLimits {
  /** Size of a pipe: 64 KiB to 1 MiB. */
  readonly kernelPipeBytes: number
  /** Bytes that may wait in pipes for sinks that are full, of all workers together. */
  readonly pinnedMemoryBytes: number
  /** Processes that share this and the user's quota of pipes. */
  readonly workers: number
}

export const DEFAULT_PIPE_LIMITS: PipeLimits = {
  kernelPipeBytes: 1024 ** 2,
  pinnedMemoryBytes: 64 * 1024 ** 2,
  workers: 1,
}

export interface ListenOptions {
  /** Connections the kernel may queue before we accept them. The kernel caps it at net.core.somaxconn. */
  readonly backlog: number
  /** Share the address with other processes of this user (SO_REUSEPORT), one accept queue each. */
  readonly sharePort: boolean
  /** Of an IPv6 address: leave IPv4 clients to others (IPV6_V6ONLY). Default false. */
  readonly ipv6Only?: boolean
  /** Of the connections that are accepted. Default: what the system has. */
  readonly liveness?: Liveness | undefined
  /** Of a unix socket: who may connect. Default: as the umask leaves it. */
  readonly socketFile?: SocketFile | undefined
}

export interface AcceptHandler {
  /** A client connected. The socket is the handler's from here on, or until it is put back. */
  accepted(client: Socket, from: PeerAddress): void
  /**
   * Accepting stopped for up to 100 ms: the system is out of fds, memory (EMFILE, ENFILE, ENOBUFS, ENOMEM) or watches of
   * epoll (ENOSPC, which resets the client that came), or something else keeps it from accepting.
   */
  paused(errno: string): void
  /** A client was gone, or refused by a filter, before it was accepted. Accepting goes on. */
  failed?(errno: string): void
}

/**
 * Why a listener accepts nobody for now. `shortage`: the process or the system is out of something, for a moment.
 * `admission`: whoever decides who may come in can have nobody more.
 */
export type PauseReason = 'shortage' | 'admission'

export interface Listening {
  /** The address in use, with the port the kernel chose where 0 was asked for. */
  readonly address: Address
  /**
   * Hands nobody out while there is this reason. Clients wait, unread, in the kernel's queue; or, where an engine cannot
   * leave them there, in one of ours, of `backlog` clients.
   */
  pause(reason: PauseReason): void
  /** This reason is gone. It goes on if no other is left, with those first who were put back. */
  resume(reason: PauseReason): void
  /**
   * Takes a client back that it has just handed out, of which nothing was read, after `pause`: it is handed out again
   * when the listener goes on, or reset when it closes.
   */
  putBack(client: Socket, from: PeerAddress): void
  /** From now on: the liveness of those that are accepted, and who may connect. Throws where the latter cannot be set. */
  update(options: Pick<ListenOptions, 'liveness' | 'socketFile'>): void
  /** Stops accepting and removes a unix socket's file. Connections that were handed out are untouched. */
  close(): void
}

/** A listening socket from which other processes accept. Clients wait in its queue while none does. */
export interface HeldSocket {
  /** The address in use, with the port the kernel chose where 0 was asked for. */
  readonly address: Address
  /** To be sent to them. */
  readonly handle: ServerHandle
  /** Closes it here, and removes a unix socket's file. It listens on where another process has it. */
  close(): void
}

export interface DialOutcome {
  /** The connected socket, or undefined when `errno` says why there is none. */
  readonly socket: Socket | undefined
  /** errno name, such as ECONNREFUSED; `ETIMEDOUT` also when `connectMs` passed. Empty on success. */
  readonly errno: string
}

/** A connect on its way. */
export interface Dial {
  /** Gives up; the callback will not be called. Does nothing once it was. */
  cancel(): void
}

export interface Engine {
  readonly kind: 'kernel' | 'stream'
  /** Why this engine cannot splice, or undefined where it can. */
  readonly notSplicing: NotSplicing | undefined
  /** What it cannot do, in words. */
  readonly unavailable: readonly string[]
  /** Coarse deadlines of everything that lives in this engine. */
  readonly sweep: Sweep
  /** Who runs next in this engine. */
  readonly runQueue: RunQueue
  /** Gauges and counters of the kernel path; undefined where there is none. */
  counts(): NativeCounts | undefined
  /** What kernel pipes may take from now on; without a kernel path it does nothing. */
  limitPipes(limits: PipeLimits): void
  /** Rejects with a `listen-failed` MillraceError naming the address and what to do. */
  listen(address: Address, options: ListenOptions, handler: AcceptHandler): Promise<Listening>
  /** The same without accepting anybody. */
  hold(address: Address, options: ListenOptions): Promise<HeldSocket>
  /**
   * Connects to an address whose host is an IP address. The callback is called once, never before
   * `dial` returned. `connectMs` of 0 means no deadline of ours.
   */
  dial(address: Address, connectMs: number, done: (outcome: DialOutcome) => void): Dial
}

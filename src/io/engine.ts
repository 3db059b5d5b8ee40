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
import type { DialSetup, SocketOptions } from './socket-options.js'
import type { Sweep } from './sweep.js'

/** How much memory kernel pipes may take. */
export interface PipeLimits {
  /** Size of one kernel pipe in bytes, 64 KiB to 1 MiB. Default 1 MiB. */
  readonly kernelPipeBytes: number
  /** How many bytes may wait in kernel pipes for full sinks, in all workers together. Default 64 MiB. */
  readonly pinnedMemoryBytes: number
  /** Number of processes that share these bytes and the user's quota of pipes. Default 1. */
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
  /** Shares the address with other processes of this user (SO_REUSEPORT). Each has its own accept queue. */
  readonly sharePort: boolean
  /** For an IPv6 address: leaves IPv4 clients to other listeners (IPV6_V6ONLY). Default false. */
  readonly ipv6Only?: boolean
  /** Liveness of the connections that are accepted. Default NO_LIVENESS. */
  readonly liveness?: Liveness | undefined
  /** Options of the socket, and so of the connections that are accepted. Default: as the system has them. */
  readonly socket?: SocketOptions | undefined
  /** For a unix socket: who may connect. Default: what the umask leaves. */
  readonly socketFile?: SocketFile | undefined
  /** The listener begins with this reason, so it accepts nobody before `resume`. */
  readonly pausedFor?: PauseReason | undefined
}

/** What can change while a listener is open. It holds for later clients. */
export interface ListenChanges extends Pick<ListenOptions, 'liveness' | 'socket' | 'socketFile'> {
  /** Undefined: as it is. */
  readonly backlog?: number | undefined
}

export interface AcceptHandler {
  /** A client connected. The handler owns the socket from now on, unless it puts the client back. */
  accepted(client: Socket, from: PeerAddress): void
  /**
   * Accepting stopped for up to 100 ms. The system is out of fds or memory (EMFILE, ENFILE, ENOBUFS, ENOMEM)
   * or of epoll watches (ENOSPC), or something else prevents accepting. ENOSPC also resets the client that
   * came.
   */
  paused(errno: string): void
  /** A client went away, or a filter refused it, before it was accepted. Accepting goes on. */
  failed?(errno: string): void
}

/**
 * Why a listener accepts nobody for now. `shortage`: the process or the system lacks a resource for a moment.
 * `admission`: the admission rule takes no more clients. `upgrade`: another process is about to accept instead of this one.
 */
export type PauseReason = 'shortage' | 'admission' | 'upgrade'

export interface Listening {
  /** The address in use. If port 0 was asked for, it has the port that the kernel chose. */
  readonly address: Address
  /** The listening sockets, for a process that inherits them. */
  readonly fds: readonly number[]
  /**
   * Hands out no clients while this reason holds. Clients wait, unread, in the kernel's queue. If the engine
   * cannot leave them there, up to `backlog` clients wait in a queue of the engine.
   */
  pause(reason: PauseReason): void
  /** Removes this reason. If none is left, the listener goes on: first with clients that were put back. */
  resume(reason: PauseReason): void
  /**
   * Takes back a client that the listener has just handed out. Call `pause` before. Nothing may have been
   * read from the client. The listener hands it out again when it goes on, or resets it when it closes.
   */
  putBack(client: Socket, from: PeerAddress): void
  /** @throws MillraceError `listen-failed` if something of it cannot be set */
  update(changes: ListenChanges): void
  /** Stops accepting and removes a unix socket's file. Connections that were handed out stay. */
  close(): void
  /**
   * Another process accepts from these sockets from now on, so a unix socket's file stays. Clients that wait here are handed out
   * as after `resume('upgrade')`. Resolves when none of them waits any more. Call `close` then.
   */
  leave(): Promise<void>
}

/** A listening socket from which other processes accept. Clients wait in its queue while none accepts. */
export interface HeldSocket {
  /** The address in use. If port 0 was asked for, it has the port that the kernel chose. */
  readonly address: Address
  /** The handle to send to those processes. */
  readonly handle: ServerHandle
  /** Closes the socket here, and removes a unix socket's file. Other processes that have it go on. */
  close(): void
  /** Closes the socket here. The file stays. */
  leave(): void
}

export interface DialOutcome {
  /** The connected socket, or undefined when `errno` says why there is none. */
  readonly socket: Socket | undefined
  /** errno name, such as ECONNREFUSED. `ETIMEDOUT` also means that `connectMs` passed. Empty on success. */
  readonly errno: string
}

/** A connect in progress. */
export interface Dial {
  /** Gives up. The callback is not called afterwards. Does nothing if it was called before. */
  cancel(): void
}

export interface Engine {
  readonly kind: 'kernel' | 'stream'
  /** Why this engine cannot splice. Undefined if it can. */
  readonly notSplicing: NotSplicing | undefined
  /** What this engine cannot do, in words. */
  readonly unavailable: readonly string[]
  /** Coarse deadlines of everything that lives in this engine. */
  readonly sweep: Sweep
  /** Decides who runs next in this engine. */
  readonly runQueue: RunQueue
  /** Gauges and counters of the kernel path. Undefined if there is none. */
  counts(): NativeCounts | undefined
  /** Sets what kernel pipes may take from now on. Does nothing without a kernel path. */
  limitPipes(limits: PipeLimits): void
  /** Rejects with a `listen-failed` MillraceError that names the address and says what to do. */
  listen(address: Address, options: ListenOptions, handler: AcceptHandler): Promise<Listening>
  /** Does the same, but accepts nobody. */
  hold(address: Address, options: ListenOptions): Promise<HeldSocket>
  /**
   * Connects to an address whose host is an IP address. Calls `done` once, never before `dial` has returned.
   * With `connectMs` 0, millrace sets no deadline. `setup`: of the socket. Default: as the system has it.
   */
  dial(address: Address, connectMs: number, done: (outcome: DialOutcome) => void, setup?: DialSetup): Dial
}

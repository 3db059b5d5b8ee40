/**
 * The whole native surface with its types, and the only loader of the addon. Calls take integers and return
 * >= 0 or -errno. They never throw. Only this file asks which platform this is.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { getSystemErrorName } from 'node:util'
import { packageRoot } from '../../package-root.js'
import type { KERNEL } from '../../status/data-path.js'
import type { Told } from '../../status/fields.js'
import type { NotSplicing } from '../not-splicing.js'
import { EDQUOT, ENONET } from './native-constants.js'
import type { NativeCountsTables } from './native-counts-tables.js'
import type { NativeMessages } from './native-messages.js'
import type { NativeService } from './native-service.js'

/** Gauges and counters of this thread's addon. */
export type NativeCounts = Told<typeof KERNEL>

export interface Native extends NativeCountsTables, NativeMessages, NativeService {
  readonly version: number
  /** The numbers that both sides must agree on, by their names in native-constants.ts. */
  readonly constants: Readonly<Record<string, number>>
  /**
   * Starts the poller of this thread. For each event it writes six cells into `events`: fd, generation,
   * readiness, and what a copy offload moved in, moved out and found. Then it calls `onBatch` with the number
   * of events. Without an event there is no call. `copies` holds the copy offloads, two cells per fd: the
   * generation, and the sink with the KiB from which a move is reported in the upper half. `carried` has two
   * cells per fd for what they moved: bytes not reported, and when the last of them moved, in ms of
   * `process.hrtime()`. If an offload found more than an empty source, its event is the last of the batch and
   * `outcome` is about it. The addon keeps the arrays for the life of the thread.
   */
  start(
    onBatch: (count: number) => void,
    events: Int32Array,
    outcome: Int32Array,
    scratch: Uint8Array,
    copies: Int32Array,
    carried: Int32Array,
  ): number
  /** Whether the poller keeps the event loop alive. */
  keepAlive(isNeeded: boolean): number
  /** Reports events of `fd` from now on, edge-triggered. For a listener they are level-triggered. */
  watch(fd: number, generation: number, isListener: boolean): number
  unwatch(fd: number): number
  /**
   * While muted, arriving bytes cause no event. Ends, errors and room to write do. Unmuting reports bytes.
   */
  mute(fd: number, generation: number, isMuted: boolean): number
  /** socket(2) for addresses of the family of `host`. Returns the fd, or -EMFILE as `accept` does. `port` is `UNIX_PORT` or any other. */
  open(host: string, port: number): number
  /**
   * IP_TOS and IPV6_TCLASS, SO_MARK, IP_TRANSPARENT, SO_BINDTODEVICE, TCP_CONGESTION. Accepted sockets inherit all of them. -1 leaves a
   * number or a switch as it is, as an empty `congestion` does. Without `saysDevice` the interface stays.
   */
  setOptions(
    fd: number,
    dscp: number,
    mark: number,
    isTransparent: number,
    saysDevice: boolean,
    device: string,
    congestion: string,
  ): number
  /** bind(2) without a port (IP_BIND_ADDRESS_NO_PORT). `lowPort` 0: any port, else IP_LOCAL_PORT_RANGE. */
  bindSource(fd: number, host: string, lowPort: number, highPort: number): number
  /** listen(2) again, with another backlog. */
  setBacklog(fd: number, backlog: number): number
  /**
   * socket, bind, listen. Returns the fd. The four before the last are as in `setLiveness`, for accepted sockets. `opened`: an fd of
   * `open`, which stays open if this fails. NO_SOCKET: none.
   */
  listen(
    host: string,
    port: number,
    backlog: number,
    sharePort: boolean,
    ipv6Only: boolean,
    idleSeconds: number,
    everySeconds: number,
    count: number,
    deadPeerMs: number,
    opened: number,
  ): number
  /** SO_KEEPALIVE and its times (`idleSeconds` 0: off), TCP_USER_TIMEOUT. Accepted sockets inherit both. */
  setLiveness(
    fd: number,
    idleSeconds: number,
    everySeconds: number,
    count: number,
    deadPeerMs: number,
  ): number
  /**
   * accept4 and `watch`. Returns the fd. The peer's address is in `scratch` and `outcome`. -EMFILE: the fds that are left are for
   * operators, and the client waits in the kernel's queue.
   */
  accept(listener: number, generation: number): number
  /**
   * socket, connect and `watch`. Returns the fd, or -EMFILE as `accept` does. The outcome of the connect comes as an event. `opened` is as
   * in `listen`.
   */
  connect(host: string, port: number, generation: number, opened: number): number
  /** Returns a duplicate of an fd that somebody else will close. */
  adopt(fd: number): number
  /** SO_ERROR. Returns the errno as a positive number, or 0. */
  takeError(fd: number): number
  /** getsockname into `scratch` and `outcome`. */
  localAddress(fd: number): number
  shutdown(fd: number): number
  close(fd: number): number
  /** Closes with RST. */
  reset(fd: number): number
  /** Unwatches the fd and leaves it open. Somebody else must close it. Returns the fd. */
  release(fd: number): number
  /** recv of at most `most` bytes into `scratch`, as far as they fit. `isPeek` leaves them queued. 0: end. */
  receive(fd: number, most: number, isPeek: boolean): number
  unacknowledged(fd: number): number
  /** TCP_INFO into `scratch`, as numbers of eight bytes. Returns how many of the cells in native-constants.ts are filled. */
  tcpInfo(fd: number): number
  /** SO_MAX_PACING_RATE. Negative: without a limit. Returns 0, or -errno where the kernel does not pace. */
  setPacing(fd: number, bytesPerSecond: number): number
  /** Returns findings. `pipe` is -1, or the pipe that an earlier call left leased. */
  splice(source: number, sink: number, pipe: number, budget: number, hints: number): number
  copy(source: number, sink: number, budget: number, hints: number): number
  /** Sends `bytes`. Returns findings. */
  send(sink: number, bytes: Uint8Array): number
  /** Takes bytes back out of a pipe, then discards the pipe. Returns their number. */
  emptyPipe(pipe: number, into: Uint8Array): number
  discardPipe(pipe: number): number
  /**
   * Sets, from now on, the size of kernel pipes, the bytes that may wait in them, and the pages that they may
   * have room for. 0 pages: no quota.
   */
  sizePipes(pipeBytes: number, pinnedBytes: number, quotaPages: number): number
  /** Closes idle pipes until `keep` are left. */
  trimPipes(keep: number): number
  count(): NativeCounts
}

const VERSION = 19
/**
 * Where the addon may be. A local build comes first, so a developer who edits the C++ never runs an old
 * prebuilt binary. An installed package has only the prebuilt ones: one for glibc and musl.
 */
const BINARIES = [
  'build/Release/millrace.node',
  'build/Debug/millrace.node',
  `prebuilds/${process.platform}-${process.arch}/millrace.node`,
]

/** The addon of this thread, or the reason why there is none. */
export type LoadedNative =
  | { readonly native: Native }
  | { readonly native?: never; readonly missing: NotSplicing }

/**
 * Loads the addon. `MILLRACE_NATIVE=off` forbids it. `MILLRACE_ADDON=PATH` loads that file instead, for
 * sanitizer builds.
 */
export function loadNative(env: NodeJS.ProcessEnv = process.env): LoadedNative {
  if (env.MILLRACE_NATIVE === 'off') return { missing: 'switched-off' }
  if (process.platform !== 'linux') return { missing: 'not-linux' }
  // Bun and Deno load addons of Node-API. But they lack the functions of libuv that this one calls, and end
  // the process at the first call.
  if ('bun' in process.versions || 'deno' in process.versions) return { missing: 'not-node' }
  try {
    const path = env.MILLRACE_ADDON ?? findBinary()
    if (path === undefined) return { missing: 'addon-missing' }
    const native = createRequire(import.meta.url)(path) as Native
    return native.version === VERSION
      ? { native }
      : { missing: `addon-failed: it is version ${native.version}, ${VERSION} is needed: run npm run build` }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { missing: `addon-failed: ${message.split('\n')[0]}` }
  }
}

function findBinary(): string | undefined {
  const root = packageRoot()
  return root && BINARIES.map((name) => join(root, name)).find(existsSync)
}

/**
 * Why this process cannot use abstract names (unix(7)). Undefined if it can. Node pads the name with NULs,
 * which makes it another name for everybody else. So abstract names need the addon.
 */
export function whyNoAbstractNames(): string | undefined {
  const instead = 'write unix:/path, or unix:./@name for a file'
  if (process.platform !== 'linux') return `abstract sockets exist only on Linux: ${instead}`
  return loadNative().native === undefined ? `abstract sockets need the addon: ${instead}` : undefined
}

const UNKNOWN_TO_NODE = new Map([
  [EDQUOT, 'EDQUOT'],
  [ENONET, 'ENONET'],
])

/** `ECONNRESET` for -104 or 104, '' for 0. The number itself if it has no name. */
export function errnoName(errno: number): string {
  if (errno === 0) return ''
  const number = Math.abs(errno)
  const name = UNKNOWN_TO_NODE.get(number) ?? getSystemErrorName(-number)
  return name.startsWith('E') ? name : `errno ${number}`
}

/** The congestion control of new sockets (tcp(7), tcp_congestion_control). Undefined where the platform does not tell. */
export const usualCongestion = (): string | undefined => wordsOf('tcp_congestion_control')[0]

/** The congestion controls that any process may choose, or all that the kernel has at the moment. */
export function congestionControls(which: 'allowed' | 'available'): readonly string[] {
  return wordsOf(`tcp_${which}_congestion_control`)
}

function wordsOf(sysctl: string): readonly string[] {
  try {
    return readFileSync(`/proc/sys/net/ipv4/${sysctl}`, 'utf8').trim().split(' ')
  } catch {
    return []
  }
}

/** File descriptors this process has open. Undefined where the platform does not tell. */
export function countOpenFds(): number | undefined {
  try {
    // Since Linux 6.2 the size of this folder is the number of open fds.
    return statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}

/** Bits of CapEff (capabilities(7)) that lift the quota of kernel pipes: CAP_SYS_ADMIN, CAP_SYS_RESOURCE. */
const LIFTS_PIPE_QUOTA = (1n << 21n) | (1n << 24n)

/** Pages that all kernel pipes of this user may have (pipe(7), pipe-user-pages-soft). 0: no quota. */
export function pipeQuotaPages(): number {
  try {
    const capabilities = /^CapEff:\s+([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
    if ((BigInt(`0x${capabilities}`) & LIFTS_PIPE_QUOTA) !== 0n) return 0
    return Number(readFileSync('/proc/sys/fs/pipe-user-pages-soft', 'utf8'))
  } catch {
    return 0
  }
}

/** The soft limit on open fds (RLIMIT_NOFILE). Undefined where the platform does not tell. */
export function mostOpenFds(): number | undefined {
  try {
    const digits = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return digits === undefined ? undefined : Number(digits)
  } catch {
    return undefined
  }
}

/**
 * Where a unix socket is bound: a path, or an abstract name with a NUL in front. Undefined: nowhere. Lines of /proc/net/unix (proc(5))
 * are `Num RefCount Protocol Flags Type St Inode Path`, with `@` for the NUL.
 */
export function pathOfUnixSocket(fd: number): string | undefined {
  try {
    const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[0]
    const lines = readFileSync('/proc/net/unix', 'utf8').split('\n')
    const found = lines
      .map((line) => /^(?:\S+ +){6}(\d+) (.+)$/.exec(line))
      .find((match) => match?.[1] === inode)
    return found?.[2]?.replace(/^@/, '\0')
  } catch {
    return undefined
  }
}

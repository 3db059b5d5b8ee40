/**
 * The whole native surface, typed, and the only loader of the addon. Calls take integers and answer >= 0 or
 * -errno; they never throw. What platform this is matters in this file and nowhere else.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { getSystemErrorName } from 'node:util'
import type { KERNEL } from '../../status/data-path.js'
import type { Told } from '../../status/fields.js'
import type { NotSplicing } from '../not-splicing.js'
import { EDQUOT, ENONET } from './native-constants.js'

/** Gauges and counters of this thread's addon. */
export type NativeCounts = Told<typeof KERNEL>

export interface Native {
  readonly version: number
  /** What both sides must agree on, by its name in native-constants.ts. */
  readonly constants: Readonly<Record<string, number>>
  /**
   * Starts the poller of this thread. `events` receives six cells each (fd, generation, readiness, and what a
   * copy offload moved in, out and found), after which `onBatch` is called with their number. `copies` holds
   * the copy offloads, two cells per fd (generation; sink, and in the upper half the KiB from which a move is told),
   * `carried` as many of what they moved: bytes not told, and when the last of them moved, in ms of
   * `process.hrtime()`. Where one found more than an emptied source its event is the batch's last and `outcome` is
   * about it. No event, no call. The arrays are kept for the life of the thread.
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
  /** Reports events of `fd` from now on, edge-triggered; a listener's level-triggered. */
  watch(fd: number, generation: number, isListener: boolean): number
  unwatch(fd: number): number
  /** Bytes that arrive are no event while muted; ends, errors and room for writing are. Unmuting reports what is there. */
  mute(fd: number, generation: number, isMuted: boolean): number
  /** socket, bind, listen: the fd. The last four as in `setLiveness`, for all that are accepted. */
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
  ): number
  /** SO_KEEPALIVE and its times, off where `idleSeconds` is 0, and TCP_USER_TIMEOUT. Accepted sockets inherit both. */
  setLiveness(
    fd: number,
    idleSeconds: number,
    everySeconds: number,
    count: number,
    deadPeerMs: number,
  ): number
  /** accept4 and `watch`: the fd, and the peer's address in `scratch` and `outcome`. */
  accept(listener: number, generation: number): number
  /** socket, connect and `watch`: the fd. The outcome of the connect comes as an event. */
  connect(host: string, port: number, generation: number): number
  /** A duplicate of an fd that somebody else will close. */
  adopt(fd: number): number
  /** SO_ERROR: the errno, positive, or 0. */
  takeError(fd: number): number
  /** getsockname into `scratch` and `outcome`. */
  localAddress(fd: number): number
  shutdown(fd: number): number
  close(fd: number): number
  /** Closes with RST. */
  reset(fd: number): number
  /** Unwatches the fd and leaves it open, to be closed by somebody else: the fd. */
  release(fd: number): number
  /** recv of at most `most` bytes (and the scratch's size) into `scratch`; they stay queued where `isPeek`. 0: the end. */
  receive(fd: number, most: number, isPeek: boolean): number
  unacknowledged(fd: number): number
  roundTripMicros(fd: number): number
  /** Findings; `pipe` is -1 or the pipe that an earlier call left leased. */
  splice(source: number, sink: number, pipe: number, budget: number, hints: number): number
  copy(source: number, sink: number, budget: number, hints: number): number
  /** Findings of sending `bytes`. */
  send(sink: number, bytes: Uint8Array): number
  /** Takes bytes back out of a pipe, then discards it: how many. */
  emptyPipe(pipe: number, into: Uint8Array): number
  discardPipe(pipe: number): number
  /** From now on: size of kernel pipes, bytes that may wait in them, pages they may have room for (0: no quota). */
  sizePipes(pipeBytes: number, pinnedBytes: number, quotaPages: number): number
  /** Closes idle pipes until `keep` are left. */
  trimPipes(keep: number): number
  count(): NativeCounts
}

const VERSION = 8
const PACKAGE_ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** The addon of this thread, or why there is none. */
export type LoadedNative =
  | { readonly native: Native }
  | { readonly native?: never; readonly missing: NotSplicing }

/**
 * Loads the addon. `MILLRACE_NATIVE=off` forbids it; `MILLRACE_ADDON=PATH` loads that file instead, for
 * sanitizer builds. node-gyp-build looks for a local build first and a prebuilt binary second, so whoever
 * edits the C++ never runs yesterday's prebuild; an installed package has only the prebuilds.
 */
export function loadNative(env: NodeJS.ProcessEnv = process.env): LoadedNative {
  if (env.MILLRACE_NATIVE === 'off') return { missing: 'switched-off' }
  if (process.platform !== 'linux') return { missing: 'not-linux' }
  const require = createRequire(import.meta.url)
  try {
    const path = env.MILLRACE_ADDON ?? require('node-gyp-build').resolve(PACKAGE_ROOT)
    const native = require(path) as Native
    return native.version === VERSION
      ? { native }
      : { missing: `addon-failed: it is version ${native.version}, ${VERSION} is needed: run npm run build` }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (message.startsWith('No native build was found')) return { missing: 'addon-missing' }
    return { missing: `addon-failed: ${message.split('\n')[0]}` }
  }
}

/**
 * Why there can be no socket of an abstract name (unix(7)) here; undefined where there can. Node fills the name up with
 * NULs, which makes it another name to everybody else, so it takes the addon.
 */
export function whyNoAbstractNames(): string | undefined {
  const instead = 'write unix:/path, or unix:./@name for a file'
  if (process.platform !== 'linux') return `abstract sockets are Linux's: ${instead}`
  return loadNative().native === undefined ? `abstract sockets need the addon: ${instead}` : undefined
}

const UNKNOWN_TO_NODE = new Map([
  [EDQUOT, 'EDQUOT'],
  [ENONET, 'ENONET'],
])

/** `ECONNRESET` for -104 or 104, '' for 0; the number itself where there is no name for it. */
export function errnoName(errno: number): string {
  if (errno === 0) return ''
  const number = Math.abs(errno)
  const name = UNKNOWN_TO_NODE.get(number) ?? getSystemErrorName(-number)
  return name.startsWith('E') ? name : `errno ${number}`
}

/** File descriptors this process has open; undefined where the platform does not tell. */
export function countOpenFds(): number | undefined {
  try {
    // Since Linux 6.2 the size of this folder is their number.
    return statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}

/** Bits of CapEff (capabilities(7)) that lift the quota of kernel pipes: CAP_SYS_ADMIN, CAP_SYS_RESOURCE. */
const LIFTS_PIPE_QUOTA = (1n << 21n) | (1n << 24n)

/** Pages that all kernel pipes of this user may have (pipe(7), pipe-user-pages-soft); 0: as many as they like. */
export function pipeQuotaPages(): number {
  try {
    const capabilities = /^CapEff:\s+([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
    if ((BigInt(`0x${capabilities}`) & LIFTS_PIPE_QUOTA) !== 0n) return 0
    return Number(readFileSync('/proc/sys/fs/pipe-user-pages-soft', 'utf8'))
  } catch {
    return 0
  }
}

/** The soft limit on them (RLIMIT_NOFILE); undefined where the platform does not tell. */
export function mostOpenFds(): number | undefined {
  try {
    const digits = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return digits === undefined ? undefined : Number(digits)
  } catch {
    return undefined
  }
}

/**
 * How many connections one process can have: what follows from its limit on file descriptors. Pure.
 */

/** What decides how many connections a process can have. */
export interface FdBudget {
  /** RLIMIT_NOFILE of the process. Undefined: the platform does not tell. */
  readonly fds: number | undefined
  readonly listeners: number
  /** Whether bytes can wait in kernel pipes. */
  readonly hasPipes: boolean
}

export interface MostConnections {
  /** Connections of one process. At least 1. */
  readonly most: number
  /** The limit on file descriptors that counts. */
  readonly mostFds: number
  /** How that follows from the limit, in words. */
  readonly arithmetic: string
}

/** A socket of the client, and one of the backend. */
const FDS_PER_CONNECTION = 2
/**
 * For the admin address, the log, a reload, DNS and checks. Half of them are what every process has open. The addon gives the
 * other half to no connection (native/fd_reserve.cc).
 */
const RESERVED_FDS = 64
/** The addon opens one kernel pipe, which has two fds, for each 8 fds of the limit (native/kernel_pipe.cc). */
const FDS_PER_FD_OF_PIPES = 4
/** Linux allows no more by default (fs.nr_open). A service of systemd can have a limit of 2^30, which no process can use. */
const MOST_FDS = 1_048_576

/** Undefined: the platform does not tell its limit, so there is none to follow. */
export function mostConnections({ fds, listeners, hasPipes }: FdBudget): MostConnections | undefined {
  if (fds === undefined) return undefined
  const mostFds = Math.min(fds, MOST_FDS)
  const pipes = hasPipes ? Math.floor(mostFds / FDS_PER_FD_OF_PIPES) : 0
  const left = mostFds - RESERVED_FDS - listeners - pipes
  const parts = [
    `${mostFds} file descriptors`,
    `${RESERVED_FDS} for admin, log, reloads and checks`,
    `${listeners} for listeners`,
    ...(hasPipes ? [`${pipes} for kernel pipes`] : []),
  ]
  const arithmetic = `(${parts.join(' - ')}) / ${FDS_PER_CONNECTION}`
  return { most: Math.max(1, Math.floor(left / FDS_PER_CONNECTION)), mostFds, arithmetic }
}

/** The limit on file descriptors that so many connections of one process need. Undefined: no limit is enough. */
export function fdsFor(
  connections: number,
  { listeners, hasPipes }: Omit<FdBudget, 'fds'>,
): number | undefined {
  const needed = connections * FDS_PER_CONNECTION + RESERVED_FDS + listeners
  const withPipes = Math.ceil((needed * FDS_PER_FD_OF_PIPES) / (FDS_PER_FD_OF_PIPES - 1))
  const mostFds = hasPipes ? withPipes : needed
  return mostFds > MOST_FDS ? undefined : mostFds
}

/**
 * What a service manager says in the environment of a process that it starts (sd_notify(3), sd_watchdog_enabled(3),
 * sd_listen_fds(3)). Workers and
 * all other child processes must not take this for theirs. So it is read once, and taken out.
 */

import type { ActivatedSocket } from '../io/listening/activated-sockets.js'

/** The variables that concern one process only. */
const VARIABLES = [
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
  'LISTEN_FDS',
  'LISTEN_PID',
  'LISTEN_FDNAMES',
  'LISTEN_PIDFDID',
] as const

/** SD_LISTEN_FDS_START */
const FIRST_FD = 3
/** The name that sd_listen_fds_with_names(3) gives to sockets without one. */
const NO_NAME = 'unknown'
const MOST_SOCKETS = 1024

const MICROS_PER_MS = 1000

export interface ServiceEnvironment {
  /** Where the service manager listens: a path, or an abstract name with `@` in front. Undefined: nobody asks for notices. */
  readonly notifySocket: string | undefined
  /** The service manager ends a process that says nothing for so many ms. Undefined: it does not. */
  readonly watchdogMs: number | undefined
  /** Sockets that the service manager has opened. */
  readonly sockets: readonly ActivatedSocket[]
}

/** Takes the variables out of `env`. What is not for the process `pid`, or has no meaning, is left out. */
export function takeServiceEnvironment(env: NodeJS.ProcessEnv, pid: number): ServiceEnvironment {
  const socket = env.NOTIFY_SOCKET || undefined
  const watchdogMs = Number(env.WATCHDOG_USEC) / MICROS_PER_MS
  const isOurs = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === pid
  const sockets = socketsIn(env, pid)
  for (const name of VARIABLES) delete env[name]
  return {
    notifySocket: socket,
    watchdogMs: isOurs && socket !== undefined && watchdogMs >= 1 ? watchdogMs : undefined,
    sockets,
  }
}

function socketsIn(env: NodeJS.ProcessEnv, pid: number): ActivatedSocket[] {
  const count = Number(env.LISTEN_FDS)
  if (Number(env.LISTEN_PID) !== pid || !Number.isInteger(count) || count > MOST_SOCKETS) return []
  const names = env.LISTEN_FDNAMES?.split(':') ?? []
  return Array.from({ length: Math.max(count, 0) }, (_, index) => ({
    name: names[index] || NO_NAME,
    fd: FIRST_FD + index,
  }))
}

/** The variables for a process that takes the place of this one. Without WATCHDOG_PID, the watchdog is for whoever reads it. */
export function variablesFor({ notifySocket, watchdogMs }: ServiceEnvironment): NodeJS.ProcessEnv {
  return {
    ...(notifySocket === undefined ? {} : { NOTIFY_SOCKET: notifySocket }),
    ...(watchdogMs === undefined ? {} : { WATCHDOG_USEC: String(Math.round(watchdogMs * MICROS_PER_MS)) }),
  }
}

/**
 * What a service manager says in the environment of a process that it starts (sd_notify(3), sd_watchdog_enabled(3)). Workers and
 * all other child processes must not take this for theirs. So it is read once, and taken out.
 */

/** The variables that concern one process only. */
const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const

const MICROS_PER_MS = 1000

export interface ServiceEnvironment {
  /** Where the service manager listens: a path, or an abstract name with `@` in front. Undefined: nobody asks for notices. */
  readonly notifySocket: string | undefined
  /** The service manager ends a process that says nothing for so many ms. Undefined: it does not. */
  readonly watchdogMs: number | undefined
}

/** Takes the variables out of `env`. What is not for the process `pid`, or has no meaning, is left out. */
export function takeServiceEnvironment(env: NodeJS.ProcessEnv, pid: number): ServiceEnvironment {
  const socket = env.NOTIFY_SOCKET || undefined
  const watchdogMs = Number(env.WATCHDOG_USEC) / MICROS_PER_MS
  const isOurs = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === pid
  for (const name of VARIABLES) delete env[name]
  return {
    notifySocket: socket,
    watchdogMs: isOurs && socket !== undefined && watchdogMs >= 1 ? watchdogMs : undefined,
  }
}

/** The variables for a process that takes the place of this one. Without WATCHDOG_PID, the watchdog is for whoever reads it. */
export function variablesFor({ notifySocket, watchdogMs }: ServiceEnvironment): NodeJS.ProcessEnv {
  return {
    ...(notifySocket === undefined ? {} : { NOTIFY_SOCKET: notifySocket }),
    ...(watchdogMs === undefined ? {} : { WATCHDOG_USEC: String(Math.round(watchdogMs * MICROS_PER_MS)) }),
  }
}

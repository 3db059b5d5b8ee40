/**
 * The deadline of a check. A process that was busy or stopped has events of sockets to read, but its timers fire first. So
 * a deadline that fires late is put off once, by as much as it was late. Otherwise all backends would look dead.
 */

/** Timers are always a little late. */
const USUAL_DELAY_MS = 20

export interface Deadline {
  clear(): void
}

/** Calls `expired` after `ms`, or after at most twice as much running time if the process was busy or stopped. */
export function startDeadline(ms: number, expired: () => void): Deadline {
  const dueAt = performance.now() + ms
  const judge = (): void => {
    const lateMs = performance.now() - dueAt
    if (lateMs <= USUAL_DELAY_MS) expired()
    else timer = setTimeout(expired, Math.min(lateMs, ms))
  }
  let timer = setTimeout(judge, ms)
  return { clear: () => clearTimeout(timer) }
}

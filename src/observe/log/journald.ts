/**
 * Lines as the journal of systemd takes them from stdout: a priority in front, as sd-daemon(3) defines it, and then the line. The
 * journal removes the priority and keeps it as a field.
 */
import { escapeJson } from '../../escape.js'

/** Priorities of syslog(3). */
const [CRITICAL, ERROR, WARNING, INFO, DEBUG] = [2, 3, 4, 6, 7]
/** pino's numbers of levels. Each holds from its number on. */
const BY_LEVEL = [
  { from: 60, priority: CRITICAL },
  { from: 50, priority: ERROR },
  { from: 40, priority: WARNING },
  { from: 30, priority: INFO },
] as const
const LEVEL = /^\{"level":(\d+)/

/** `<4>` for pino's number of a level. */
export function priorityOf(level: number): string {
  return `<${BY_LEVEL.find(({ from }) => level >= from)?.priority ?? DEBUG}>`
}

/** The line of pino with its priority in front. */
export const withPriority = (line: string): string =>
  priorityOf(Number(LEVEL.exec(line)?.[1])) + escapeJson(line)

/** Severities of syslog(3) and of RFC 5424 section 6.2.1, and which of them a line of the log has. */

export const SEVERITIES = { critical: 2, error: 3, warning: 4, notice: 5, info: 6, debug: 7 } as const

/** pino's numbers of levels. Each holds from its number on. */
const BY_LEVEL = [
  { from: 60, severity: SEVERITIES.critical },
  { from: 50, severity: SEVERITIES.error },
  { from: 40, severity: SEVERITIES.warning },
  { from: 30, severity: SEVERITIES.info },
] as const
const LEVEL = /^\{"level":(\d+)/

/** Of pino's number of a level. */
export const severityOf = (level: number): number =>
  BY_LEVEL.find(({ from }) => level >= from)?.severity ?? SEVERITIES.debug

/** pino's number of the level of one of its lines. */
export const levelOf = (line: string): number => Number(LEVEL.exec(line)?.[1])

/**
 * A line as pino writes it, for lines that do not come through pino: records, which are many, and what the sink has to
 * say itself.
 */
import { hostname } from 'node:os'

/** pino's numbers. */
export const LEVELS = { info: 30, warn: 40 } as const

const SOURCE = `,"pid":${process.pid},"hostname":${JSON.stringify(hostname())}`

/** `fields` has at least one that is not undefined. */
export function jsonLine(level: keyof typeof LEVELS, fields: object, message: string): string {
  const body = JSON.stringify(fields).slice(1, -1)
  return `{"level":${LEVELS[level]},"time":${Date.now()}${SOURCE},${body},"msg":${JSON.stringify(message)}}\n`
}

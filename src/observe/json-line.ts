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
  return lineOf(level, JSON.stringify(fields).slice(1, -1), message)
}

/** `fields` is the inside of an object in JSON, not empty; `message` needs no escape. */
export function lineOf(level: keyof typeof LEVELS, fields: string, message: string): string {
  return `{"level":${LEVELS[level]},"time":${Date.now()}${SOURCE},${fields},"msg":"${message}"}\n`
}

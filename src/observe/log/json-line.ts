/**
 * Writes a line like pino, for lines that do not come through pino: those of the sink itself, and records
 * that are then formatted for people. record-line.ts writes records for programs.
 */
import { hostname } from 'node:os'
import { jsonText } from '../../escape.js'

/** pino's numbers of these levels. */
export const LEVELS = { info: 30, warn: 40 } as const

/** The fields that name the process, for the inside of an object. */
export const SOURCE_FIELDS = `,"pid":${process.pid},"hostname":${jsonText(hostname())}`

/** At least one of `fields` must not be undefined. `message` must need no escape. */
export function jsonLine(level: keyof typeof LEVELS, fields: object, message: string): string {
  const inside = jsonText(fields).slice(1, -1)
  return `{"level":${LEVELS[level]},"time":${Date.now()}${SOURCE_FIELDS},${inside},"msg":"${message}"}\n`
}

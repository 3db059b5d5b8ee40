/**
 * A line as pino writes it, for lines that do not come through pino: what the sink has to say itself, and records before
 * they are made for people. Records for programs are record-line.ts's.
 */
import { hostname } from 'node:os'
import { jsonText } from '../../escape.js'

/** pino's numbers. */
export const LEVELS = { info: 30, warn: 40 } as const

/** The fields that tell which process it is, for the inside of an object. */
export const SOURCE_FIELDS = `,"pid":${process.pid},"hostname":${jsonText(hostname())}`

/** `fields` has at least one that is not undefined; `message` needs no escape. */
export function jsonLine(level: keyof typeof LEVELS, fields: object, message: string): string {
  const inside = jsonText(fields).slice(1, -1)
  return `{"level":${LEVELS[level]},"time":${Date.now()}${SOURCE_FIELDS},${inside},"msg":"${message}"}\n`
}

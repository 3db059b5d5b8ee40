/**
 * Lines as the journal of systemd takes them from stdout: a priority in front, as sd-daemon(3) defines it, and then the line. The
 * journal removes the priority and keeps it as a field.
 */
import { escapeJson } from '../../escape.js'
import { levelOf, severityOf } from './severity.js'

/** `<4>` for pino's number of a level. */
export const priorityOf = (level: number): string => `<${severityOf(level)}>`

/** The line of pino with its priority in front. */
export const withPriority = (line: string): string => priorityOf(levelOf(line)) + escapeJson(line)

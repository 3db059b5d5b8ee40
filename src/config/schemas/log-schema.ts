/**
 * What is logged, and which connections write their record: as people write it, as it is read, and the schema between.
 */
import { z } from 'zod'
import { expected } from '../wording.js'
import * as fields from './fields.js'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Whose records are written whatever else is said. `errors`: whoever could not be served, or was cut off by a backend. */
const ALWAYS = ['errors'] as const
export const REDACTABLE = ['client', 'sni', 'http.authority', 'http.path', 'tls.clientName', 'tags'] as const

export type RecordKind = (typeof ALWAYS)[number]
export type RedactableField = (typeof REDACTABLE)[number]

export interface LogInput {
  /** Default `info`. */
  readonly level?: LogLevel | undefined
  /** Path of a file to append to. Default: stdout. */
  readonly file?: string | undefined
  /** Whether every connection writes its record, or which do. Default true. */
  readonly access?: boolean | AccessInput | undefined
}

export interface AccessInput {
  /** Share of the records that are written, 0 to 1, by chance. Default 1. */
  readonly sample?: number | undefined
  /** Whose records are written all the same, whatever else is said here. Default none. */
  readonly always?: readonly RecordKind[] | undefined
  /** Not of connections that moved fewer bytes than this, both ways together, such as health checks. Default 0. */
  readonly minBytes?: number | undefined
  /** Not of connections that were shorter. Default 0. */
  readonly minMs?: number | string | undefined
  /** Fields that are not to be told; of `client` the network is left. Default none. */
  readonly redact?: readonly RedactableField[] | undefined
}

export interface LogConfig {
  readonly level: LogLevel
  readonly file: string | undefined
  /** False: no records. */
  readonly access: AccessConfig | false
}

export interface AccessConfig {
  readonly sample: number
  readonly always: readonly RecordKind[]
  readonly minBytes: number
  readonly minMs: number
  readonly redact: readonly RedactableField[]
}

const listed = <const Choice extends string>(choices: readonly Choice[]) =>
  z
    .array(fields.choiceOf(choices), {
      error: ({ input }) => expected(`a list of ${choices.join(', ')}`, input),
    })
    .default([])

const file = fields
  .textField('the path of a file')
  .regex(/^[^\0]+$/, { error: ({ input }) => expected('the path of a file', input) })

const access = fields.strictMap('true, false or a map: { sample, always }', {
  sample: fields.fractionField.default(1),
  always: listed(ALWAYS),
  minBytes: fields.wholeNumberField(0, Number.MAX_SAFE_INTEGER).default(0),
  minMs: fields.durationField.default(0),
  redact: listed(REDACTABLE),
})

export const logSchema: z.ZodType<LogConfig, unknown> = fields.strictMap('a map: { level, access }', {
  level: fields.choiceOf(LOG_LEVELS).default('info'),
  file: fields.optional(file),
  access: fields.switchable(access).prefault(true),
})

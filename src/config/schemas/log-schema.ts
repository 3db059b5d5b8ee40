/**
 * What is logged, and which connections write a record: as people write it, as the rest of the program reads
 * it, and the schema between the two.
 */
import * as z from 'zod'
import { expected } from '../wording.js'
import * as fields from './fields.js'
import { type SyslogConfig, type SyslogInput, syslogSchema } from './syslog-schema.js'

export const LOG_FORMATS = ['json', 'pretty', 'journald'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * Records that millrace always writes. `errors`: of clients that could not be served, or that a backend cut
 * off.
 */
const ALWAYS = ['errors'] as const
export const REDACTABLE = ['client', 'sni', 'http.authority', 'http.path', 'tls.clientName', 'tags'] as const

export type RecordKind = (typeof ALWAYS)[number]
export type RedactableField = (typeof REDACTABLE)[number]

/** The log of a config. */
export interface LogInput {
  /** The lowest level that millrace logs. Default `info`. */
  readonly level?: LogLevel | undefined
  /** Path of a file that millrace appends to. Default: stdout. */
  readonly file?: string | undefined
  /**
   * The form of each line. `json`: a JSON object. `pretty`: text for people. `journald`: JSON with a priority in front, for a
   * service of systemd (sd-daemon(3)). Default: `pretty` on a terminal, else `json`.
   */
  readonly format?: LogFormat | undefined
  /** Whether millrace writes a record for every connection, for none, or for which. Default true. */
  readonly access?: boolean | AccessInput | undefined
  /** millrace also sends every line of the log by syslog (RFC 5424). Default: to nobody. */
  readonly syslog?: SyslogInput | undefined
  /** Whether records say why millrace chose the backend. Default false. */
  readonly explain?: boolean | undefined
}

export interface AccessInput {
  /** Share of connections that get a record, 0 to 1, chosen at random. Default 1. */
  readonly sample?: number | undefined
  /** Records that millrace always writes, whatever the other keys say. Default none. */
  readonly always?: readonly RecordKind[] | undefined
  /**
   * millrace writes no record for connections that moved fewer bytes than this, both ways together, such as
   * health checks. Default 0: no minimum.
   */
  readonly minBytes?: number | undefined
  /** millrace writes no record for connections that were shorter than this. Default 0: no minimum. */
  readonly minMs?: number | string | undefined
  /** Whether a connection also gets a record when its backend has accepted. Default false. */
  readonly atOpen?: boolean | undefined
  /** How often an open connection gets a record: 1000 to 24 days, in ms. Default 0: never. */
  readonly everyMs?: number | string | undefined
  /** Fields that millrace leaves out of records. Of `client` it keeps the network. Default none. */
  readonly redact?: readonly RedactableField[] | undefined
}

export interface LogConfig {
  readonly level: LogLevel
  readonly file: string | undefined
  readonly format: LogFormat | undefined
  /** False: no records. */
  readonly access: AccessConfig | false
  readonly syslog: SyslogConfig | undefined
  readonly explain: boolean
}

export interface AccessConfig {
  readonly sample: number
  readonly always: readonly RecordKind[]
  readonly minBytes: number
  readonly minMs: number
  readonly atOpen: boolean
  /** 0: never. */
  readonly everyMs: number
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

/** Records of more than one a second would cost more than the connections. */
const LEAST_EVERY_MS = 1000
const everyMs = fields.durationField.refine((ms) => ms === 0 || ms >= LEAST_EVERY_MS, {
  error: ({ input }) => expected('0 or a duration from 1s, such as 5m', input),
})

const access = fields.strictMap('true, false or a map: { sample, always }', {
  sample: fields.fractionField.default(1),
  always: listed(ALWAYS),
  minBytes: fields.wholeNumberField(0, Number.MAX_SAFE_INTEGER).default(0),
  minMs: fields.durationField.default(0),
  atOpen: fields.booleanField.default(false),
  everyMs: everyMs.default(0),
  redact: listed(REDACTABLE),
})

/** @internal */
export const logSchema: z.ZodType<LogConfig, unknown> = fields.strictMap('a map: { level, access }', {
  level: fields.choiceOf(LOG_LEVELS).default('info'),
  file: fields.optional(file),
  format: fields.optional(fields.choiceOf(LOG_FORMATS)),
  access: fields.switchable(access).prefault(true),
  syslog: fields.optional(syslogSchema),
  explain: fields.booleanField.default(false),
})

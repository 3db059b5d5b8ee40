/**
 * Active checks and agents, as a config says them. What a check takes from its cluster is filled in, so that whoever checks
 * needs nothing else.
 */
import * as z from 'zod'
import type { ChecksPolicy } from '../../cluster/health/checks/checks.js'
import type { Check, HttpCheck, ProbeTarget, ScriptStep, StatusRange } from '../../probes/check.js'
import { expected } from '../wording.js'
import * as fields from './fields.js'
import { type BackendTlsConfig, backendTlsSchema } from './tls-schema.js'

export interface CheckConfig extends ChecksPolicy, Pick<ProbeTarget, 'sendProxy' | 'startTls' | 'tls'> {
  readonly probe: Check
  /** Undefined: the port of the backend. */
  readonly port: number | undefined
  readonly timeoutMs: number
}

export interface AgentConfig {
  readonly port: number
  /** One character for each byte. Empty: nothing is sent. */
  readonly send: string
  readonly everyMs: number
  readonly timeoutMs: number
}

/** HAProxy's, but for the jitter, which it does not have by default. */
const EVERY_MS = 2000
const RISE = 2
const FALL = 3
const JITTER_PERCENT = 10
const MOST_JITTER_PERCENT = 50

const MOST_RESULTS = 1000
const MOST_STEPS = 20
const MOST_BYTES = 4096
/** A check keeps no more of what a backend sends. */
const MOST_KEPT_BYTES = 16_384
const HIGHEST_PORT = 65_535

const METHOD = /^[A-Z]{1,20}$/
const PATH = /^\/[\x21\x22\x24-\x7e]*$/
const HOST = /^[^\s/?#@\0-\x20\x7f-\uffff]{1,255}$/
const STATUSES = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/
const A_STATUS = 'a status such as 200, or a range such as 200-399'

const SHORT_FORMS: ReadonlyMap<unknown, object> = new Map<unknown, object>([
  ['tcp', { tls: false }],
  ['tls', { tls: true }],
  ['http', { http: true }],
])

const status = parsed((value): StatusRange | string => {
  const [, from, to = from] = STATUSES.exec(String(value)) ?? []
  const isRange = from !== undefined && Number(from) <= Number(to)
  return isRange ? { from: Number(from), to: Number(to) } : expected(A_STATUS, value)
})

const http: z.ZodType<Omit<HttpCheck, 'kind'>> = fields.strictMap('a map: { path, status }, or true', {
  method: matching('a method in capitals, such as GET', METHOD).default('GET'),
  path: matching('a path that begins with "/", such as /healthz', PATH).default('/'),
  host: fields.optional(matching('a host, such as example.com', HOST)),
  status: fields.oneOrMore(`${A_STATUS}, or a list`, status).prefault('200-399'),
})

const bytes = parsed(readBytes).transform(({ text }) => text)

const step = fields
  .strictMap('a step: { send } or { expect }', {
    send: fields.optional(bytes),
    expect: fields.optional(bytes),
    at: fields.optional(fields.wholeNumberField(0, MOST_KEPT_BYTES - 1)),
  })
  .transform(({ send, expect, at }, context): ScriptStep => {
    if (send !== undefined && expect === undefined && at === undefined) return { send }
    if (send === undefined && expect !== undefined) return { expect, at }
    context.addIssue({
      code: 'custom',
      message: 'expected either "send" or "expect", and "at" only beside "expect": write one step for each',
    })
    return z.NEVER
  })

const steps = fields.listOf('a list of steps', step).max(MOST_STEPS, {
  error: ({ input }) => expected(`at most ${MOST_STEPS} steps`, (input as unknown[]).length),
})

const checkFields = fields.strictMap('"tcp", "tls", "http", or a map such as { port: 8081 }', {
  http: fields.switchable(http).prefault(false),
  script: fields.optional(steps),
  port: fields.optional(fields.wholeNumberField(1, HIGHEST_PORT)),
  tls: fields.optional(fields.mapOrSwitch(backendTlsSchema)),
  sendProxy: fields.optional(fields.choiceOf(['off', 'v1', 'v2'])),
  everyMs: fields.waitField.prefault(EVERY_MS),
  fastMs: fields.optional(fields.waitField),
  downMs: fields.optional(fields.waitField),
  timeoutMs: fields.optional(fields.waitField),
  rise: fields.wholeNumberField(1, MOST_RESULTS).default(RISE),
  fall: fields.wholeNumberField(1, MOST_RESULTS).default(FALL),
  jitterPercent: fields.wholeNumberField(0, MOST_JITTER_PERCENT).default(JITTER_PERCENT),
  init: fields.choiceOf(['up', 'down']).default('up'),
})

export type CheckFields = z.output<typeof checkFields>

export const checkField = fields.optional(
  z.preprocess((value) => SHORT_FORMS.get(value) ?? value, checkFields),
)

export const agentField: z.ZodType<AgentConfig | undefined> = fields.optional(
  fields
    .strictMap('a map: { port }', {
      port: fields.wholeNumberField(1, HIGHEST_PORT),
      send: fields.optional(bytes),
      everyMs: fields.waitField.prefault(EVERY_MS),
      timeoutMs: fields.optional(fields.waitField),
    })
    .transform(({ send = '', timeoutMs, ...rest }) => ({
      ...rest,
      send,
      timeoutMs: timeoutMs ?? rest.everyMs,
    })),
)

/** What a check can take from its cluster. */
export interface ClusterParts {
  readonly tls: BackendTlsConfig | undefined
  readonly startTls: ProbeTarget['startTls']
  readonly sendProxy: { readonly version: 'v1' | 'v2' } | undefined
}

/** The check as it is done. Without a port of its own, it does what connections of clients do (HAProxy, `check-ssl`). */
export function completeCheck(check: CheckFields, cluster: ClusterParts): CheckConfig {
  const { http, script, port, tls: wanted, sendProxy, fastMs, downMs, timeoutMs, ...rest } = check
  const isElsewhere = port !== undefined
  const tls = tlsOf(wanted ?? (!isElsewhere && cluster.tls !== undefined), cluster)
  const header = sendProxy ?? (isElsewhere ? 'off' : cluster.sendProxy?.version)
  return {
    ...rest,
    probe: probeOf(http, script, tls !== undefined),
    port,
    tls,
    startTls: isElsewhere ? undefined : cluster.startTls,
    sendProxy: header === 'off' ? undefined : header,
    fastMs: fastMs ?? rest.everyMs,
    downMs: downMs ?? rest.everyMs,
    timeoutMs: timeoutMs ?? rest.everyMs,
  }
}

function tlsOf(wanted: BackendTlsConfig | boolean, cluster: ClusterParts): BackendTlsConfig | undefined {
  if (typeof wanted === 'object') return wanted
  return wanted ? (cluster.tls ?? backendTlsSchema.parse({})) : undefined
}

function probeOf(http: CheckFields['http'], script: CheckFields['script'], hasTls: boolean): Check {
  if (http !== false) return { kind: 'http', ...http }
  if (script !== undefined) return { kind: 'script', steps: script }
  return { kind: hasTls ? 'tls' : 'tcp' }
}

/** The bytes of a text, with one character for each. */
function readBytes(value: unknown): { readonly text: string } | string {
  const what = `a text of 1 to ${MOST_BYTES} bytes, or hex: and bytes in hex`
  if (typeof value !== 'string') return expected(what, value)
  const [, hex] = /^hex:((?:\s*[\da-f]{2})*)\s*$/i.exec(value) ?? []
  if (hex === undefined && value.startsWith('hex:')) return expected('hex: and pairs of hex digits', value)
  const read = hex === undefined ? Buffer.from(value) : Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')
  return read.length > 0 && read.length <= MOST_BYTES
    ? { text: read.toString('latin1') }
    : expected(what, value)
}

/** A value that `read` makes of what stands in the config. A text is the problem. */
function parsed<Value extends object>(read: (value: unknown) => Value | string) {
  return z.unknown().transform((value, context): Value => {
    const result = read(value)
    if (typeof result !== 'string') return result
    context.addIssue({ code: 'custom', message: result })
    return z.NEVER
  })
}

function matching(what: string, pattern: RegExp): z.ZodString {
  return fields.textField(what).regex(pattern, { error: ({ input }) => expected(what, input) })
}

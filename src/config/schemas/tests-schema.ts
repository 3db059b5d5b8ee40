/** The tests in a config as the rest of the program reads them, and the schema that makes them of what people write. */
import { isIP } from 'node:net'
import * as z from 'zod'
import type { Spoken } from '../../peek/speaks/protocols.js'
import { explainProtocol, explainServerName } from '../values/host-names.js'
import { expected, quote } from '../wording.js'
import * as fields from './fields.js'
import { explainSpoken } from './speaks-schema.js'

export interface TestConfig {
  /** Undefined: the only listener. */
  readonly listener: string | undefined
  /** An IP address, or `unix`. Undefined: the usual one of its listener. */
  readonly from: string | undefined
  /** An IP address. */
  readonly proxyHeader: string | undefined
  /** Undefined: it follows from the other keys and from the listener. */
  readonly tls: boolean | undefined
  readonly sni: string | undefined
  readonly alpn: readonly string[]
  readonly speaks: Spoken | 'nothing' | undefined
  readonly host: string | undefined
  readonly path: string
  readonly fields: Readonly<Record<string, string>>
  readonly websocket: boolean
  readonly user: string | undefined
  readonly database: string | undefined
  readonly nth: number
  readonly expect: Expectation
}

export type Expectation =
  | { readonly kind: 'cluster'; readonly cluster: string }
  /** `cause` undefined: any. */
  | { readonly kind: 'rejected'; readonly cause: string | undefined }
  | { readonly kind: 'waits' }

const MOST_CLIENTS = 10_000
const AN_EXPECTATION = '"rejected", "waits", or a map: { cluster } or { rejected }'
/** RFC 9110 section 5.6.2. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~\w-]+$/
/** What a line of a request may have. */
const ONE_LINE = /^[\t\x20-\x7e]*$/

const ipField = (what: string, others: readonly string[] = []) =>
  fields.checkedTextField(what, (text) =>
    isIP(text) !== 0 || others.includes(text) ? undefined : `expected ${what}`,
  )

const requestFields = z
  .record(z.string(), fields.textField('text'), {
    error: ({ input }) => expected('a map of request fields', input),
  })
  .superRefine((texts, context) => {
    for (const [name, text] of Object.entries(texts)) {
      if (!FIELD_NAME.test(name)) addIssue(context, name, expected('the name of a field', name))
      if (!ONE_LINE.test(text)) addIssue(context, name, expected('visible ASCII characters', text))
    }
  })

const path = fields
  .textField('a path such as /chat')
  .regex(/^\/[\x21-\x7e]*$/, { error: ({ input }) => expected('a path that begins with "/"', input) })

const spoken = fields.checkedTextField('a protocol such as ssh, or "nothing"', (text) =>
  text === 'nothing' ? undefined : explainSpoken(text),
)

const expectationMap = fields
  .strictMap(AN_EXPECTATION, {
    cluster: fields.optional(fields.textField('the name of a cluster')),
    rejected: fields.optional(fields.textField('the cause of a record')),
  })
  .transform(({ cluster, rejected }, context): Expectation => {
    if (cluster !== undefined && rejected === undefined) return { kind: 'cluster', cluster }
    if (cluster === undefined && rejected !== undefined) return { kind: 'rejected', cause: rejected }
    context.addIssue({ code: 'custom', message: 'write exactly one of "cluster" and "rejected"' })
    return z.NEVER
  })

const expectation = z.unknown().transform((value, context): Expectation => {
  if (value === 'waits') return { kind: 'waits' }
  if (value === 'rejected') return { kind: 'rejected', cause: undefined }
  const { data, error } = expectationMap.safeParse(value)
  const issues = error?.issues ?? []
  context.issues.push(...issues.map((issue) => ({ ...issue, input: value }) as z.core.$ZodRawIssue))
  return data ?? z.NEVER
})

const test = fields.strictMap('a test: { listener, expect }', {
  listener: fields.optional(fields.textField('the name of a listener')),
  from: fields.optional(ipField('an IP address, or "unix"', ['unix'])),
  proxyHeader: fields.optional(ipField('an IP address')),
  tls: fields.optional(fields.booleanField),
  sni: fields.optional(fields.checkedTextField('a server name such as a.example.com', explainServerName)),
  alpn: fields.textsField('a protocol such as h2', explainProtocol).default([]),
  speaks: fields.optional(spoken.transform((text) => text as Spoken | 'nothing')),
  host: fields.optional(
    fields.textField('a host').regex(/^[\x21-\x7e]+$/, { error: ({ input }) => expected('a host', input) }),
  ),
  path: path.default('/'),
  fields: requestFields.default({}),
  websocket: fields.booleanField.default(false),
  user: fields.optional(fields.textField('a role such as app')),
  database: fields.optional(fields.textField('a database such as orders')),
  nth: fields.wholeNumberField(1, MOST_CLIENTS).default(1),
  expect: expectation,
})

/** `tests`: a list of at least one. */
export const testsField: z.ZodType<readonly TestConfig[]> = fields.listOf('a list of tests', test).default([])

function addIssue(context: z.RefinementCtx, key: string, message: string): void {
  context.addIssue({ code: 'custom', path: [key], message: `${quote(key)}: ${message}` })
}

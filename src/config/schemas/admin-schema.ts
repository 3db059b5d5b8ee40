/**
 * The admin address: as people write it, as the rest of the program reads it, and the schema between the two.
 */
import { isIP } from 'node:net'
import * as z from 'zod'
import { type Address, isAbstract, parseAddress } from '../../address.js'
import { LOOPBACK } from '../../address-set.js'
import { activatedSockets } from '../../io/listening/activated-sockets.js'
import { parseActivated, parseListenerAddress } from '../values/addresses.js'
import { explainAdminHost } from '../values/host-names.js'
import { expected } from '../wording.js'
import * as fields from './fields.js'

/**
 * What callers of an admin address may do. `operate`: everything. `observe`: they see `/metrics`, `/livez`, `/readyz` and a status
 * without addresses of clients.
 */
export const ADMIN_ROLES = ['operate', 'observe'] as const
export type AdminRole = (typeof ADMIN_ROLES)[number]

export interface AdminAddressInput {
  /**
   * `unix:/path`, or a port of a loopback address, such as `127.0.0.1:9901`. With the role `observe` a port of any address of
   * this machine.
   */
  readonly address: string
  /** Default `operate`. */
  readonly role?: AdminRole | undefined
  /**
   * The bearer token that callers must send: at least 16 visible ASCII characters. With the role `operate` a port needs one.
   * A unix socket takes none.
   */
  readonly token?: string | undefined
  /**
   * Names in the Host header by which callers may address millrace, besides those of loopback. Default
   * none. Only with the role `operate`.
   */
  readonly hosts?: readonly string[] | undefined
  /** Whether millrace refuses every request that would change something. Default false. Only with the role `operate`. */
  readonly readOnly?: boolean | undefined
}

/** Where people and programs reach the process. `false`: nowhere. A text stands for an address alone. */
export type AdminInput = false | string | AdminAddressInput | readonly (string | AdminAddressInput)[]

export interface AdminConfig {
  readonly role: AdminRole
  /** With the role `operate` a unix socket, or a port of loopback. */
  readonly address: Address
  /** Undefined: callers need none. */
  readonly token: string | undefined
  readonly hosts: readonly string[]
  readonly readOnly: boolean
}

const LEAST_TOKEN_CHARACTERS = 16
/** The token is a secret, so no message shows it. */
const HOW_TO_MAKE_ONE = 'Make one with: openssl rand -hex 32'
const TOKEN_IS_MISSING = `is missing: expected a token, because the address has a port. ${HOW_TO_MAKE_ONE}`

const EVERYBODYS =
  'an abstract socket has no file permissions, so everybody on this machine could use it: write unix:/path'

/**
 * Only loopback, because an admin port that the network can reach is one mistake away from serving anybody.
 */
export function parseAdminAddress(text: string): Address | string {
  const address = parseActivated(text) ?? parseAddress(text)
  if (typeof address === 'string') return address
  if (address.kind === 'unix') return isAbstract(address) ? EVERYBODYS : address
  const host = address.host.toLowerCase() === 'localhost' ? '127.0.0.1' : address.host
  if (isIP(host) !== 0 && LOOPBACK.has({ ...address, host })) return { ...address, host }
  return `${expected('unix:/path or a loopback address such as 127.0.0.1:9901', text)}. From other machines, use an SSH tunnel or a proxy with TLS. With role: observe any address will do`
}

/** @internal The field of the config and of the command line. */
export const adminAddressField = fields.addressField(parseAdminAddress)

/** Whoever may observe sees nothing secret, so the address may be any that a listener can have. */
const observeAddressField = fields.addressField(parseListenerAddress)

const token = fields
  .secretField('a token')
  .regex(/^[\x21-\x7e]+$/, `expected visible ASCII characters without spaces. ${HOW_TO_MAKE_ONE}`)
  .min(LEAST_TOKEN_CHARACTERS, `expected at least ${LEAST_TOKEN_CHARACTERS} characters. ${HOW_TO_MAKE_ONE}`)

const WHAT = 'an address or a map: { address, token }'

const operate = fields
  .strictMap(WHAT, {
    role: fields.choiceOf(ADMIN_ROLES).default('operate'),
    address: adminAddressField,
    token: fields.optional(token),
    hosts: fields.textsField('a host name', explainAdminHost).default([]),
    readOnly: fields.booleanField.default(false),
  })
  .superRefine(({ address, token }, context) => {
    if (activatedSockets.isUnknown(address)) return
    const isMissing = address.kind === 'tcp' && token === undefined
    if (isMissing) context.addIssue({ code: 'custom', path: ['token'], message: TOKEN_IS_MISSING })
    else tellNeedlessToken(address, token, context)
  })

const observe = fields
  .strictMap(WHAT, {
    role: z.literal('observe'),
    address: observeAddressField,
    token: fields.optional(token),
    hosts: noKey('the role observe answers under every name').transform(() => []),
    readOnly: noKey('the role observe changes nothing').transform(() => true),
  })
  .superRefine(({ address, token }, context) => tellNeedlessToken(address, token, context))

/** The keys of a map depend on its role. */
const place = z.unknown().transform((value, context): AdminConfig => {
  const map = typeof value === 'string' ? { address: value } : value
  const isObserver = (map as { role?: unknown } | null)?.role === 'observe'
  return fields.readBy(isObserver ? observe : operate, map, context)
})

/** @internal Empty: no admin address. Undefined: whoever runs the process decides. */
export const adminSchema: z.ZodType<readonly AdminConfig[] | undefined> = fields.optional(
  z.unknown().transform((value, context): readonly AdminConfig[] => {
    if (value === false || value === 'false') return []
    if (Array.isArray(value)) return fields.readBy(fields.listOf(`false, or ${WHAT}`, place), value, context)
    return [fields.readBy(place, value, context)]
  }),
)

function tellNeedlessToken(address: Address, token: string | undefined, context: z.RefinementCtx): void {
  if (address.kind === 'tcp' || token === undefined || activatedSockets.isUnknown(address)) return
  const message = 'a unix socket takes no token, because the permissions of its file decide: remove this key'
  context.addIssue({ code: 'custom', path: ['token'], message })
}

function noKey(why: string): z.ZodOptional<z.ZodUndefined> {
  return z.undefined({ error: `${why}: remove this key` }).optional()
}

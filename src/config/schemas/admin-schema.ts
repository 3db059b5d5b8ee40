/**
 * Where operators reach a process: as people write it, as the rest of the program reads it, and the schema between.
 */
import { isIP } from 'node:net'
import { z } from 'zod'
import { type Address, isAbstract, parseAddress } from '../../address.js'
import { AddressSet } from '../../address-set.js'
import { expected } from '../wording.js'
import * as fields from './fields.js'
import { explainAdminHost } from './host-names.js'

/** `false`: nowhere. A text is short for an address. */
export type AdminInput =
  | false
  | string
  | {
      /** `unix:/path`, or a port of a loopback address, such as `127.0.0.1:9901`. */
      readonly address: string
      /** What callers show as a bearer token: at least 16 characters. Needed with a port, and only there. */
      readonly token?: string | undefined
      /** Names besides loopback's by which callers may address it (the Host header). Default none. */
      readonly hosts?: readonly string[] | undefined
      /** Whether all that changes anything is refused. Default false. */
      readonly readOnly?: boolean | undefined
    }

export interface AdminConfig {
  /** A unix socket, or of loopback. */
  readonly address: Address
  /** Undefined for a unix socket, whose file says who may. */
  readonly token: string | undefined
  readonly hosts: readonly string[]
  readonly readOnly: boolean
}

const LEAST_TOKEN_CHARACTERS = 16
/** The value itself is a secret: no message shows it. */
const HOW_TO_MAKE_ONE = 'Make one with: openssl rand -hex 32'
const LOOPBACK = new AddressSet(['127.0.0.0/8', '::1'])

const EVERYBODYS =
  'an abstract socket has no file permissions, so everybody on this machine could use it: write unix:/path'

/** Only here: an admin port that the world can reach is one mistake away from being the world's. */
export function parseAdminAddress(text: string): Address | string {
  const address = parseAddress(text)
  if (typeof address === 'string') return address
  if (address.kind === 'unix') return isAbstract(address) ? EVERYBODYS : address
  const host = address.host.toLowerCase() === 'localhost' ? '127.0.0.1' : address.host
  if (isIP(host) !== 0 && LOOPBACK.has({ ...address, host })) return { ...address, host }
  return `${expected('unix:/path or a loopback address such as 127.0.0.1:9901', text)}. From other machines, use an SSH tunnel or a proxy with TLS`
}

/** As a config has it, and the command line. */
export const adminAddressField = fields.addressField(parseAdminAddress)

const token = fields
  .textField('a token')
  .regex(/^[\x21-\x7e]+$/, `expected visible ASCII characters without spaces. ${HOW_TO_MAKE_ONE}`)
  .min(LEAST_TOKEN_CHARACTERS, `expected at least ${LEAST_TOKEN_CHARACTERS} characters. ${HOW_TO_MAKE_ONE}`)

const settings = fields
  .strictMap('false, an address or a map: { address, token }', {
    address: adminAddressField,
    token: fields.optional(token),
    hosts: fields.textsField('a host name', explainAdminHost).default([]),
    readOnly: fields.booleanField.default(false),
  })
  .superRefine(({ address, token }, context) => {
    const isSocket = address.kind === 'unix'
    if (isSocket === (token === undefined)) return
    const message = isSocket
      ? 'a unix socket takes no token, because the permissions of its file decide: remove this key'
      : `is missing: expected a token, because the address has a port. ${HOW_TO_MAKE_ONE}`
    context.addIssue({ code: 'custom', path: ['token'], message })
  })

const shortForm = z.preprocess((value) => (typeof value === 'string' ? { address: value } : value), settings)

/** Undefined is left to who runs the process. */
export const adminSchema: z.ZodType<AdminConfig | false | undefined> = fields.optional(
  fields.switchable(shortForm),
)

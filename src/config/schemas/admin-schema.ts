/**
 * The admin address: as people write it, as the rest of the program reads it, and the schema between the two.
 */
import { isIP } from 'node:net'
import { z } from 'zod'
import { type Address, isAbstract, parseAddress } from '../../address.js'
import { AddressSet } from '../../address-set.js'
import { activatedSockets } from '../../io/listening/activated-sockets.js'
import { expected } from '../wording.js'
import * as fields from './fields.js'
import { explainAdminHost } from './host-names.js'

/** Where operators reach the process. `false`: nowhere. A text stands for an address alone. */
export type AdminInput =
  | false
  | string
  | {
      /** `unix:/path`, or a port of a loopback address, such as `127.0.0.1:9901`. */
      readonly address: string
      /**
       * The bearer token that callers must send: at least 16 visible ASCII characters. A port needs one, a
       * unix socket takes none.
       */
      readonly token?: string | undefined
      /**
       * Names in the Host header by which callers may address millrace, besides those of loopback. Default
       * none.
       */
      readonly hosts?: readonly string[] | undefined
      /** Whether millrace refuses every request that would change something. Default false. */
      readonly readOnly?: boolean | undefined
    }

export interface AdminConfig {
  /** A unix socket, or a port of loopback. */
  readonly address: Address
  /** Undefined for a unix socket: the permissions of its file decide who may connect. */
  readonly token: string | undefined
  readonly hosts: readonly string[]
  readonly readOnly: boolean
}

const LEAST_TOKEN_CHARACTERS = 16
/** The token is a secret, so no message shows it. */
const HOW_TO_MAKE_ONE = 'Make one with: openssl rand -hex 32'
const LOOPBACK = new AddressSet(['127.0.0.0/8', '::1'])

const EVERYBODYS =
  'an abstract socket has no file permissions, so everybody on this machine could use it: write unix:/path'

/**
 * Only loopback, because an admin port that the network can reach is one mistake away from serving anybody.
 */
export function parseAdminAddress(text: string): Address | string {
  const address = fields.parseActivated(text) ?? parseAddress(text)
  if (typeof address === 'string') return address
  if (address.kind === 'unix') return isAbstract(address) ? EVERYBODYS : address
  const host = address.host.toLowerCase() === 'localhost' ? '127.0.0.1' : address.host
  if (isIP(host) !== 0 && LOOPBACK.has({ ...address, host })) return { ...address, host }
  return `${expected('unix:/path or a loopback address such as 127.0.0.1:9901', text)}. From other machines, use an SSH tunnel or a proxy with TLS`
}

/** The field of the config and of the command line. */
export const adminAddressField = fields.addressField(parseAdminAddress)

const token = fields
  .secretField('a token')
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
    if (activatedSockets.isUnknown(address)) return
    const isSocket = address.kind === 'unix'
    if (isSocket === (token === undefined)) return
    const message = isSocket
      ? 'a unix socket takes no token, because the permissions of its file decide: remove this key'
      : `is missing: expected a token, because the address has a port. ${HOW_TO_MAKE_ONE}`
    context.addIssue({ code: 'custom', path: ['token'], message })
  })

const shortForm = z.preprocess((value) => (typeof value === 'string' ? { address: value } : value), settings)

/** Undefined: whoever runs the process decides. */
export const adminSchema: z.ZodType<AdminConfig | false | undefined> = fields.optional(
  fields.switchable(shortForm),
)

/**
 * TLS in a config, towards clients and towards backends. A config only names files. `certificates.ts` reads
 * them to check them, and the room that uses them reads them again.
 */
import type * as z from 'zod'
import { normalizeName } from '../../names.js'
import type { TlsVersion } from '../listener-input.js'
import { explainProtocol, explainServerName } from '../values/host-names.js'
import * as fields from './fields.js'

export const TLS_VERSIONS: readonly TlsVersion[] = ['TLSv1.2', 'TLSv1.3']

export interface KeyPairConfig {
  /** PEM or a path. */
  readonly cert: string
  readonly key: string
}

export interface TlsConfig {
  /** The first one serves clients that ask for no name, or for a name that no certificate has. */
  readonly certificates: readonly KeyPairConfig[]
  readonly alpn: readonly string[]
  readonly minVersion: TlsVersion
  readonly clientCa: string | undefined
  readonly clientCert: 'require' | 'request'
}

export interface BackendTlsConfig {
  readonly serverName: string | undefined
  readonly ca: string | undefined
  readonly verify: boolean
  readonly alpn: readonly string[]
  readonly cert: string | undefined
  readonly key: string | undefined
}

const pem = fields.textField('PEM, or the path of a file of it')
const keyPair = { cert: pem, key: pem }
const alpn = fields.textsField('a protocol such as h2', explainProtocol).default([])
/** SNI is in lower case and has no trailing dot (RFC 6066 section 3). */
const serverName = fields
  .checkedTextField('a host name', explainServerName)
  .transform((name) => normalizeName(name) ?? name)

export const tlsSchema = fields
  .strictMap('a map: { cert, key }', {
    ...keyPair,
    certificates: fields
      .listOf('a list of certificates', fields.strictMap('a certificate: { cert, key }', keyPair))
      .default([]),
    alpn,
    minVersion: fields.choiceOf(TLS_VERSIONS).default('TLSv1.2'),
    clientCa: fields.optional(pem),
    clientCert: fields.choiceOf(['require', 'request']).default('require'),
  })
  .transform(
    ({ cert, key, certificates, ...rest }): TlsConfig => ({
      certificates: [{ cert, key }, ...certificates],
      ...rest,
    }),
  )

export const backendTlsSchema: z.ZodType<BackendTlsConfig> = fields.strictMap('a map, {} for the defaults', {
  serverName: fields.optional(serverName),
  ca: fields.optional(pem),
  verify: fields.booleanField.default(true),
  alpn,
  cert: fields.optional(pem),
  key: fields.optional(pem),
})

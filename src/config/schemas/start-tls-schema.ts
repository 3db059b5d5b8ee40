/**
 * Protocols in which a client asks for TLS with a packet of its own, as a config names them, and what follows
 * from that.
 */
import { ALPN_POSTGRESQL, explainPostgresName } from '../../names.js'
import type { StartTls } from '../common-input.js'
import * as fields from './fields.js'

export const startTlsField = fields.optional(fields.choiceOf(['postgres']))

/** Role or database of a Postgres client. */
export const postgresNames = (what: string) => fields.optional(fields.textsField(what, explainPostgresName))

interface StartsTls {
  readonly startTls: StartTls | undefined
  readonly tls: { readonly alpn: readonly string[] } | undefined
}

/** Without `alpn`, Postgres offers and chooses its own name by ALPN, as Postgres' clients and servers do. */
export function withStartTls<Config extends StartsTls>(config: Config): Config {
  const { startTls, tls } = config
  if (startTls === undefined || tls === undefined || tls.alpn.length > 0) return config
  return { ...config, tls: { ...tls, alpn: [ALPN_POSTGRESQL] } }
}

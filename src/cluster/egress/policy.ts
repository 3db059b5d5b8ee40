/** What a config says about a cluster that dials the servers that its clients ask for. Plain data. */
import type { Address } from '../../address.js'

/** Where the name of the server comes from: the ClientHello, or the authority of the first request. */
export type AskedBy = 'sni' | 'host'

export interface AllowedName {
  /** A pattern of host names, in lower case and without a trailing dot. With `host` also an IP address. */
  readonly name: string
  /** Its servers may have addresses of these networks, although they are not public. */
  readonly networks: readonly string[]
}

export interface DialPolicy {
  readonly server: AskedBy
  readonly allow: readonly AllowedName[]
  readonly ports: readonly number[]
  /** The port for clients that name none. */
  readonly defaultPort: number
  /** millrace speaks TLS to the servers. */
  readonly hasTls: boolean
  /** Where millrace itself listens. Clients never get there: millrace would dial itself again and again. */
  readonly ownListeners: readonly Address[]
}

/**
 * TLS towards backends: it is begun on a connection that is there already.
 */
import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import { type ConnectionOptions, connect, createSecureContext } from 'node:tls'
import type { BackendTlsConfig } from '../config/tls-schema.js'
import { readPem } from '../pem.js'
import { type Handshake, handshakeOf } from './handshake.js'

export class Origination {
  readonly #options: ConnectionOptions
  readonly #serverName: string | undefined

  /** Reads the files. They were found good. */
  constructor({ serverName, ca, verify, alpn, cert, key }: BackendTlsConfig) {
    const own = cert === undefined || key === undefined ? {} : { cert: readPem(cert), key: readPem(key) }
    const secureContext = createSecureContext({ ...(ca !== undefined && { ca: readPem(ca) }), ...own })
    this.#serverName = serverName
    this.#options = {
      secureContext,
      rejectUnauthorized: verify,
      ALPNProtocols: [...alpn],
    }
  }

  /** `host`: of the backend as configured; undefined where it is a unix socket. */
  begin(raw: Socket, host: string | undefined): Handshake {
    const name = this.#serverName ?? host ?? 'localhost'
    const servername = isIP(name) === 0 ? name.replace(/\.$/, '') : undefined
    const stream = connect({
      ...this.#options,
      ...(servername !== undefined && { servername }),
      host: name,
      socket: raw,
    })
    return handshakeOf(stream, 'secureConnect', servername, () => undefined)
  }
}

/**
 * TLS towards backends. It begins on a connection that exists already.
 */
import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import { type ConnectionOptions, connect, createSecureContext } from 'node:tls'
import type { BackendTlsConfig } from '../config/schemas/tls-schema.js'
import { normalizeName } from '../names.js'
import { readPem } from '../pem.js'
import { type Handshake, handshakeOf } from './handshake.js'
import { Sessions } from './sessions.js'

export interface TlsBackend {
  /** Its address as configured. */
  readonly name: string
  /** Undefined for a unix socket. */
  readonly host: string | undefined
}

/** Value of `serverName`: the client's own server name. */
const CLIENTS_OWN = 'client'

export class TlsOrigination {
  readonly #options: ConnectionOptions
  readonly #serverName: string | undefined
  readonly #sessions: Sessions | undefined

  /**
   * Reads the files, which were checked before. Not `resumes`: each connection does a whole handshake, so the certificate
   * is checked each time.
   */
  constructor({ serverName, ca, verify, alpn, cert, key }: BackendTlsConfig, { resumes = true } = {}) {
    this.#sessions = resumes ? new Sessions() : undefined
    const own = cert === undefined || key === undefined ? {} : { cert: readPem(cert), key: readPem(key) }
    const secureContext = createSecureContext({ ...(ca !== undefined && { ca: readPem(ca) }), ...own })
    this.#serverName = serverName
    this.#options = {
      secureContext,
      rejectUnauthorized: verify,
      ALPNProtocols: [...alpn],
    }
  }

  /** Whether the client chooses the server name that backends are asked for. */
  get usesNameOfClient(): boolean {
    return this.#serverName === CLIENTS_OWN
  }

  /** `clientName`: the client's server name, from its ClientHello or its PROXY header. */
  begin(raw: Socket, backend: TlsBackend, clientName: string | undefined): Handshake {
    const name = this.#nameFor(clientName) ?? backend.host ?? 'localhost'
    const servername = isIP(name) === 0 ? name.replace(/\.$/, '') : undefined
    const sessionKey = `${backend.name} ${name}`
    const session = this.#sessions?.get(sessionKey)
    const stream = connect({
      ...this.#options,
      ...(servername !== undefined && { servername }),
      ...(session !== undefined && { session }),
      host: name,
      socket: raw,
    })
    const handshake = handshakeOf(stream, 'secureConnect', servername, () => undefined)
    this.#sessions?.watch(sessionKey, stream, handshake.done)
    return handshake
  }

  /** The `authority` in a PROXY header may be any text. */
  #nameFor(clientName: string | undefined): string | undefined {
    if (this.#serverName !== CLIENTS_OWN) return this.#serverName
    return clientName === undefined ? undefined : normalizeName(clientName)
  }
}

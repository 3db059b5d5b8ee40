/**
 * TLS of clients ends here: which certificate is shown to whom, and what is asked of them. Certificates are read
 * again when their files change; a file that is no good then changes nothing.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { TlsConfig } from '../config/schemas/tls-schema.js'
import { explainDates } from '../key-pair.js'
import { isPem, namedPem, readPem } from '../pem.js'
import { Contexts } from './contexts.js'
import { type Handshake, handshakeOf } from './handshake.js'
import type { TicketKeys } from './ticket-keys.js'
import { WatchedFiles } from './watched-files.js'

export interface CertificateHooks {
  /** Certificates were read again because `file` had changed; `error` where they are no good. */
  reread(file: string, error: Error | undefined): void
  /** A certificate that has expired, or is not valid yet, is in use. */
  badDates(message: string): void
}

export class TlsTermination {
  readonly #config: TlsConfig
  readonly #files: WatchedFiles
  readonly #hooks: CertificateHooks
  readonly #tickets: TicketKeys
  /** What the files held when they were read, by path. */
  #texts: ReadonlyMap<string, string | undefined>
  #contexts: Contexts

  /** Reads the files. They were found good. */
  constructor(config: TlsConfig, hooks: CertificateHooks, tickets: TicketKeys) {
    this.#config = config
    this.#hooks = hooks
    this.#tickets = tickets
    this.#texts = textsOf(config)
    this.#contexts = new Contexts(config, tickets)
    this.#files = new WatchedFiles(filesOf(config), (file) => this.#readAgain(file))
  }

  start(): void {
    this.#reportBadDates()
    this.#files.start()
  }

  stop(): void {
    this.#files.stop()
  }

  /** Looks at the files now. */
  readAgain(): void {
    const changed = filesOf(this.#config).find((file) => this.#texts.get(file) !== textOf(file))
    if (changed !== undefined) this.#readAgain(changed)
  }

  /**
   * `serverName` is that of the ClientHello, which waits in `raw`. It has to be known before the handshake: an
   * SNICallback of Node's replaces only one certificate, and leaves those of other kinds, which are for other names.
   */
  accept(raw: Socket, serverName: string | undefined): Handshake {
    const { alpn, clientCa, clientCert } = this.#config
    const asksForCertificate = clientCa !== undefined
    const isRequired = asksForCertificate && clientCert === 'require'
    const secureContext = this.#contexts.for(serverName)
    const stream = new TLSSocket(raw, {
      isServer: true,
      secureContext,
      // Without it Node does not acknowledge the client's server name (RFC 6066 section 3).
      SNICallback: (_name, done) => done(null, secureContext),
      ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
      requestCert: asksForCertificate,
      rejectUnauthorized: isRequired,
    })
    return handshakeOf(stream, 'secure', serverName, () =>
      asksForCertificate ? wrongCertificate(stream, isRequired) : undefined,
    )
  }

  #readAgain(file: string): void {
    this.#texts = textsOf(this.#config)
    try {
      this.#contexts = new Contexts(this.#config, this.#tickets)
      this.#hooks.reread(file, undefined)
    } catch (error) {
      this.#hooks.reread(file, error instanceof Error ? error : new Error(String(error)))
      return
    }
    this.#reportBadDates()
  }

  #reportBadDates(): void {
    for (const { cert } of this.#config.certificates) {
      const text = isPem(cert) ? cert : this.#texts.get(cert)
      const message = text && explainDates(namedPem(cert, text), Date.now(), 'chain')
      if (message) this.#hooks.badDates(message)
    }
  }
}

/** Node judges by itself only in servers of its own. */
function wrongCertificate(stream: TLSSocket, isRequired: boolean): string | undefined {
  const { ssl } = stream as unknown as { ssl?: { verifyError?: () => NodeJS.ErrnoException | null } }
  if (typeof ssl?.verifyError !== 'function') return 'the certificate cannot be judged'
  const hasNone = Object.keys(stream.getPeerCertificate() ?? {}).length === 0
  if (hasNone) return isRequired ? 'no client certificate' : undefined
  const error = ssl.verifyError()
  return error ? `client certificate: ${error.code ?? error.message}` : undefined
}

const textsOf = (config: TlsConfig) => new Map(filesOf(config).map((file) => [file, textOf(file)]))

function textOf(file: string): string | undefined {
  try {
    return readPem(file)
  } catch {
    return undefined
  }
}

function filesOf({ certificates, clientCa }: TlsConfig): string[] {
  const all = [
    ...certificates.flatMap(({ cert, key }) => [cert, key]),
    ...(clientCa === undefined ? [] : [clientCa]),
  ]
  return [...new Set(all.filter((text) => !isPem(text)))]
}

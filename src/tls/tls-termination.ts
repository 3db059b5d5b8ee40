/**
 * Ends the TLS of clients: it chooses the certificate that a client is shown, and whether the client must
 * show one. It reads certificates again when their files change. If a changed file cannot be used, the old
 * certificates stay.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { TlsConfig } from '../config/schemas/tls-schema.js'
import { type DatesFault, explainDates } from '../key-pair.js'
import { isPem, namedPem, readPem } from '../pem.js'
import { WatchedFiles } from '../watched-files.js'
import { Contexts, type ShownCertificate } from './contexts.js'
import { type Handshake, handshakeOf } from './handshake.js'
import type { TicketKeys } from './ticket-keys.js'

export interface CertificateHooks {
  /** Certificates were read again because `file` had changed. With `error`, they cannot be used. */
  reread(file: string, error: Error | undefined): void
  /** A certificate is in use that has expired, expires soon or is not valid yet. */
  badDates(fault: DatesFault): void
}

export class TlsTermination {
  readonly #config: TlsConfig
  readonly #files: WatchedFiles
  readonly #hooks: CertificateHooks
  readonly #tickets: TicketKeys
  /** Contents of the files when they were last read, by path. */
  #texts: ReadonlyMap<string, string | undefined>
  #contexts: Contexts

  /** Reads the files, which were checked before. */
  constructor(config: TlsConfig, hooks: CertificateHooks, tickets: TicketKeys) {
    this.#config = config
    this.#hooks = hooks
    this.#tickets = tickets
    this.#texts = textsOf(config)
    this.#contexts = new Contexts(config, tickets)
    this.#files = new WatchedFiles(filesOf(config), (file) => this.#readAgain(file))
  }

  get certificates(): readonly ShownCertificate[] {
    return this.#contexts.shown
  }

  start(): void {
    this.#reportBadDates()
    this.#files.start()
  }

  stop(): void {
    this.#files.stop()
  }

  /** Looks at the files now, and reads them again if one has changed. */
  readAgain(): void {
    const changed = filesOf(this.#config).find((file) => this.#texts.get(file) !== textOf(file))
    if (changed !== undefined) this.#readAgain(changed)
  }

  /**
   * `serverName` is that of the ClientHello, which still waits in `raw`. It must be known before the
   * handshake. Node's SNICallback replaces only one certificate, and leaves those of other kinds, which are
   * for other names.
   */
  accept(raw: Socket, serverName: string | undefined): Handshake {
    const { alpn, clientCa, clientCert } = this.#config
    const asksForCertificate = clientCa !== undefined
    const isRequired = asksForCertificate && clientCert === 'require'
    const secureContext = this.#contexts.for(serverName)
    const stream = new TLSSocket(raw, {
      isServer: true,
      secureContext,
      // Without this, Node does not acknowledge the client's server name (RFC 6066 section 3).
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
      const fault = text === undefined ? undefined : explainDates(namedPem(cert, text), Date.now(), 'chain')
      if (fault !== undefined) this.#hooks.badDates(fault)
    }
  }
}

/** Node checks a client's certificate by itself only in servers of its own. */
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

/**
 * TLS of clients ends here: which certificate is shown to whom, and what is asked of them. Certificates are read
 * again when their files change; a file that is no good then changes nothing.
 */
import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { KeyPairConfig, TlsConfig } from '../config/tls-schema.js'
import { explainNamePattern, NameTable, normalizeName } from '../names.js'
import { isPem, readPem } from '../pem.js'
import { type Handshake, handshakeOf } from './handshake.js'
import { WatchedFiles } from './watched-files.js'

interface Contexts {
  readonly first: SecureContext
  readonly byName: NameTable<SecureContext>
}

/** Told when certificates were read again: which file had changed, and what was wrong, if anything. */
export type Reread = (file: string, error: Error | undefined) => void

export class Termination {
  readonly #config: TlsConfig
  readonly #files: WatchedFiles
  readonly #reread: Reread
  /** What the files held when they were read, by path. */
  #texts: ReadonlyMap<string, string | undefined>
  #contexts: Contexts

  /** Reads the files. They were found good. */
  constructor(config: TlsConfig, reread: Reread) {
    this.#config = config
    this.#reread = reread
    this.#texts = textsOf(config)
    this.#contexts = readContexts(config)
    this.#files = new WatchedFiles(filesOf(config), (file) => this.#readAgain(file))
  }

  start(): void {
    this.#files.start()
  }

  stop(): void {
    this.#files.stop()
  }

  /** Looks at the files now. Where they are the same, sessions of earlier handshakes can still be resumed. */
  readAgain(): void {
    const changed = filesOf(this.#config).find((file) => this.#texts.get(file) !== textOf(file))
    if (changed !== undefined) this.#readAgain(changed)
  }

  accept(raw: Socket): Handshake {
    const { alpn, clientCa, clientCert } = this.#config
    const asksForCertificate = clientCa !== undefined
    const isRequired = asksForCertificate && clientCert === 'require'
    const stream = new TLSSocket(raw, {
      isServer: true,
      secureContext: this.#contexts.first,
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
      ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
      requestCert: asksForCertificate,
      rejectUnauthorized: isRequired,
    })
    return handshakeOf(stream, 'secure', () =>
      asksForCertificate ? wrongCertificate(stream, isRequired) : undefined,
    )
  }

  #contextFor(name: string): SecureContext {
    return this.#contexts.byName.find(normalizeName(name))[0] ?? this.#contexts.first
  }

  #readAgain(file: string): void {
    this.#texts = textsOf(this.#config)
    try {
      this.#contexts = readContexts(this.#config)
      this.#reread(file, undefined)
    } catch (error) {
      this.#reread(file, error instanceof Error ? error : new Error(String(error)))
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

function readContexts(config: TlsConfig): Contexts {
  const byName = new NameTable<SecureContext>()
  const all = config.certificates.map((pair) => {
    const { context, names } = readContext(pair, config)
    for (const name of names) byName.add(name, context)
    return context
  })
  return { first: all[0]!, byName }
}

function readContext({ cert, key }: KeyPairConfig, { minVersion, clientCa }: TlsConfig) {
  const certPem = readPem(cert)
  const context = createSecureContext({
    cert: certPem,
    key: readPem(key),
    minVersion,
    honorCipherOrder: true,
    // Tickets of one listener are good for all of its certificates that ask the same of a client.
    sessionIdContext: 'millrace',
    ...(clientCa !== undefined && { ca: readPem(clientCa) }),
  })
  return { context, names: namesOf(new X509Certificate(certPem)) }
}

/** DNS names of subjectAltName; where there are none at all, the common name, as RFC 6125 section 6.4.4 has it. */
function namesOf({ subjectAltName, subject }: X509Certificate): string[] {
  const alternatives = (subjectAltName ?? '')
    .split(', ')
    .flatMap((text) => /^DNS:(.+)$/.exec(text)?.[1] ?? [])
  const common = /^CN=(.+)$/m.exec(subject ?? '')?.[1]
  const names = alternatives.length > 0 || common === undefined ? alternatives : [common]
  return names.filter((name) => explainNamePattern(name) === undefined)
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

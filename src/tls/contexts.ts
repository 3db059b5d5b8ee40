/**
 * The certificates of one listener, by name. A name may have one certificate of each kind (RSA, ECDSA,
 * Ed25519). OpenSSL chooses one that the client can check. The certificates here never change: when files
 * change, a new `Contexts` is made.
 */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { TlsConfig } from '../config/schemas/tls-schema.js'
import { expiryOf, explainCertificates, explainPair } from '../key-pair.js'
import { explainNamePattern, NameTable } from '../names.js'
import { isPem, type NamedPem, readNamedPem } from '../pem.js'
import type { TicketKeys } from './ticket-keys.js'

interface Certificate {
  readonly index: number
  readonly cert: string
  readonly key: string
  /** Type of the key, such as `rsa`. An OpenSSL context holds one certificate of each type. */
  readonly kind: string
  /** As subjectAltName has them, such as `DNS:a.example.com`. */
  readonly identities: readonly string[]
  readonly file: string
}

/** A certificate that clients are shown. */
export interface ShownCertificate {
  readonly name: string
  readonly kind: string
  readonly file: string
  /** When the first certificate of its chain expires, in ISO 8601. */
  readonly expiresAt: string
}

const IN_CONFIG = 'PEM in the config'
/** SSL_CTX_set_session_id_context(3) takes 32 bytes. */
const SESSION_ID_CHARS = 32

export class Contexts {
  readonly #options: SecureContextOptions
  readonly #tickets: TicketKeys
  readonly #byName = new NameTable<Certificate>()
  /** For clients that ask for no name, or for a name without a certificate. */
  readonly #default: readonly Certificate[]
  readonly shown: readonly ShownCertificate[]
  /** Contexts by the indexes of their certificates. Made when a client first needs the combination. */
  readonly #made = new Map<string, SecureContext>()

  /** Reads the files. Throws if they cannot be used. */
  constructor(config: TlsConfig, tickets: TicketKeys) {
    this.#tickets = tickets
    this.#options = optionsOf(config)
    const certificates = config.certificates.map((pair, index) =>
      certificateOf(
        index,
        readNamedPem(pair.cert),
        readNamedPem(pair.key),
        isPem(pair.cert) ? IN_CONFIG : pair.cert,
      ),
    )
    this.shown = certificates.map(shownOf)
    for (const certificate of certificates) {
      for (const name of namesOf(certificate)) this.#byName.add(name, certificate)
    }
    this.#default = defaultOf(certificates)
  }

  /** `name` is normalized. Undefined: the client asked for no name. */
  for(name: string | undefined): SecureContext {
    const found = name === undefined ? [] : this.#byName.find(name)
    return this.#contextOf(firstOfEachKind(found.length > 0 ? found : this.#default))
  }

  #contextOf(certificates: readonly Certificate[]): SecureContext {
    const id = certificates.map(({ index }) => index).join()
    const known = this.#made.get(id)
    if (known !== undefined) return known
    const context = createSecureContext({
      ...this.#options,
      cert: certificates.map(({ cert }) => cert),
      key: certificates.map(({ key }) => key),
    })
    this.#tickets.use(context)
    this.#made.set(id, context)
    return context
  }
}

function optionsOf(config: TlsConfig): SecureContextOptions {
  const ca = config.clientCa === undefined ? undefined : readAuthorities(config.clientCa)
  return {
    minVersion: config.minVersion,
    ciphers: CIPHERS,
    honorCipherOrder: true,
    sessionIdContext: sessionIdOf(config, ca),
    ...(ca !== undefined && { ca }),
  }
}

/**
 * A session is resumed only at a listener with the same settings. Otherwise a certificate that the client
 * showed to one listener would count at another that trusts other authorities.
 */
function sessionIdOf(config: TlsConfig, ca: string | undefined): string {
  const asked = JSON.stringify([config, ca])
  return createHash('sha256').update(asked).digest('base64').slice(0, SESSION_ID_CHARS)
}

/**
 * In TLS 1.2 the cipher decides the kind of certificate. Node's list begins with RSA, whose signatures cost
 * ten times as much. So ECDSA comes first here.
 */
const CIPHERS = ecdsaFirst(DEFAULT_CIPHERS.split(':')).join(':')

function ecdsaFirst(ciphers: readonly string[]): string[] {
  const rankOf = (cipher: string): number =>
    cipher.startsWith('TLS_') ? 0 : cipher.startsWith('ECDHE-ECDSA-') ? 1 : 2
  return ciphers.toSorted((a, b) => rankOf(a) - rankOf(b))
}

function readAuthorities(clientCa: string): string {
  const pem = readNamedPem(clientCa)
  const wrong = explainCertificates(pem)
  if (wrong !== undefined) throw new Error(wrong)
  return pem.text
}

function certificateOf(index: number, cert: NamedPem, key: NamedPem, file: string): Certificate {
  const [fault] = explainPair(cert, key)
  if (fault !== undefined) throw new Error(fault.message)
  const kind = createPrivateKey(key.text).asymmetricKeyType ?? ''
  const identities = identitiesOf(new X509Certificate(cert.text))
  return { index, cert: cert.text, key: key.text, kind, identities, file }
}

function shownOf({ cert, kind, identities, file }: Certificate): ShownCertificate {
  const [identity = ''] = identities
  const name = identity.slice(identity.indexOf(':') + 1)
  return { name, kind, file, expiresAt: new Date(expiryOf(cert)).toISOString() }
}

/** The common name counts if there is no DNS name (RFC 6125 section 6.4.4). */
function identitiesOf({ subjectAltName, subject }: X509Certificate): string[] {
  const alternatives = (subjectAltName ?? '').split(', ').filter(Boolean)
  const common = /^CN=(.+)$/m.exec(subject ?? '')?.[1]
  const hasName = alternatives.some((text) => text.startsWith('DNS:'))
  return hasName || common === undefined ? alternatives : [...alternatives, `DNS:${common}`]
}

/** `**.` is a pattern of routes and has no meaning in certificates. */
function namesOf({ identities }: Certificate): string[] {
  const names = identities.flatMap((text) => /^DNS:(.+)$/.exec(text)?.[1] ?? [])
  return names.filter((name) => !name.startsWith('**') && explainNamePattern(name) === undefined)
}

/** The first certificate, and those of other kinds that cover all of its names and addresses. */
function defaultOf(certificates: readonly Certificate[]): readonly Certificate[] {
  const needed = certificates[0]?.identities ?? []
  const isAlike = ({ identities }: Certificate): boolean =>
    needed.length > 0 && needed.every((identity) => identities.includes(identity))
  return certificates.filter((each, index) => index === 0 || isAlike(each))
}

function firstOfEachKind(certificates: readonly Certificate[]): Certificate[] {
  const kinds = new Map<string, Certificate>()
  for (const certificate of certificates) {
    if (!kinds.has(certificate.kind)) kinds.set(certificate.kind, certificate)
  }
  return [...kinds.values()]
}

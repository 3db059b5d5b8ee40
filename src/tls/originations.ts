/**
 * TLS towards backends that are in no config. Each connection may come with settings of its own, but most come with the same few. To
 * make a context costs more than all else of a connection, so those that were used last are kept, with their sessions.
 */
import type { BackendTlsConfig } from '../config/schemas/tls-schema.js'
import { explainCertificates, explainPair } from '../key-pair.js'
import type { NamedPem } from '../pem.js'
import { TlsOrigination } from './tls-origination.js'

const MOST_KEPT = 100

export class Originations {
  /** By their settings. The one that was used last comes last. */
  readonly #kept = new Map<string, TlsOrigination>()

  /** @throws TypeError if a certificate or a key cannot be used */
  of(settings: BackendTlsConfig): TlsOrigination {
    const key = JSON.stringify(settings)
    const origination = this.#kept.get(key) ?? create(settings)
    this.#kept.delete(key)
    this.#kept.set(key, origination)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(oldest!)
    return origination
  }
}

/** OpenSSL leaves out certificates that it cannot read. Then no backend would be trusted, and nobody would know why. */
function create(settings: BackendTlsConfig): TlsOrigination {
  const { ca, cert, key } = settings
  const wrongCa = ca === undefined ? undefined : explainCertificates(named(ca))
  if (wrongCa !== undefined) throw new TypeError(`route: backend.tls.ca: ${wrongCa}`)
  const [fault] = cert === undefined || key === undefined ? [] : explainPair(named(cert), named(key))
  if (fault !== undefined) throw new TypeError(`route: backend.tls.${fault.about}: ${fault.message}`)
  return new TlsOrigination(settings)
}

const named = (text: string): NamedPem => ({ text, path: undefined })

/**
 * TLS towards backends that are in no config. Each connection may come with settings of its own, but most come with the same few. To
 * make a context costs more than all else of a connection, so those that were used last are kept, with their sessions.
 */
import type { BackendTlsConfig } from '../config/schemas/tls-schema.js'
import { TlsOrigination } from './tls-origination.js'

const MOST_KEPT = 100

export class Originations {
  /** By their settings. The one that was used last comes last. */
  readonly #kept = new Map<string, TlsOrigination>()

  /** @throws Error of OpenSSL if a certificate or a key is broken */
  of(settings: BackendTlsConfig): TlsOrigination {
    const key = JSON.stringify(settings)
    const origination = this.#kept.get(key) ?? new TlsOrigination(settings)
    this.#kept.delete(key)
    this.#kept.set(key, origination)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(oldest!)
    return origination
  }
}

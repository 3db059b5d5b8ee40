/**
 * The keys that encrypt session tickets (RFC 5077, RFC 8446 section 4.6.1). All listeners of all workers have
 * the same keys, so that a client can resume at any of them. For its first hour a key is only made known
 * everywhere. It then encrypts tickets for an hour, and decrypts them for two hours more.
 */
import { randomBytes } from 'node:crypto'
import type { SecureContext } from 'node:tls'

export const ROTATE_EVERY_MS = 3_600_000
/** Tickets are valid for two hours, OpenSSL's default. */
const OLD_KEYS = 2
/** Index of the key that encrypts. The newest key, 0, may not have reached every worker yet. */
const PRESENT = 1
const ALL_KEYS = PRESENT + 1 + OLD_KEYS
/** Size of the name, of the key for HMAC-SHA256 and of the key for AES-128-CBC. */
const PART_BYTES = 16
const KEY_BYTES = 3 * PART_BYTES
const NO_KEY = Buffer.alloc(KEY_BYTES)

/** Results, from SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
const UNKNOWN_KEY = 0
const USE_KEY = 1
const USE_KEY_AND_RENEW = 2

/** Node aborts the process if `hmac` or `aes` is missing, even for an unknown key. */
type Answer = readonly [result: number, hmac: Buffer, aes: Buffer, name?: Buffer, iv?: Buffer]

/** Undocumented parts of Node's contexts. The documented `ticketKeys` takes one key only. */
interface NativeContext {
  onticketkeycallback?: (name: Buffer, iv: Buffer, isEncrypting: boolean) => Answer
  enableTicketKeyCallback?: () => void
}

export class TicketKeys {
  /** The newest key comes first. */
  #keys: readonly Buffer[]
  /** When to rotate, by `performance.now()`. Infinity if the keys come from another process. */
  #rotateAt: number

  /**
   * `given`: keys of another process, which replaces them with `take`. Default: new keys, rotated every hour.
   */
  constructor(given?: readonly string[]) {
    this.#keys = given === undefined ? freshKeys(PRESENT + 1) : parseKeys(given)
    this.#rotateAt = given === undefined ? performance.now() + ROTATE_EVERY_MS : Number.POSITIVE_INFINITY
  }

  /** In base64, for other processes. */
  get texts(): readonly string[] {
    return this.#keys.map((key) => key.toString('base64'))
  }

  take(texts: readonly string[]): void {
    this.#keys = parseKeys(texts)
  }

  /** Adds a new key and forgets the oldest. */
  rotate(): void {
    this.#keys = [...freshKeys(1), ...this.#keys].slice(0, ALL_KEYS)
    this.#rotateAt = performance.now() + ROTATE_EVERY_MS
  }

  /** Makes `context` use these keys. If Node lacks the callback, the context keeps a key of its own. */
  use({ context }: SecureContext): void {
    const native = context as NativeContext
    if (native.enableTicketKeyCallback === undefined) return
    native.onticketkeycallback = (name, _iv, isEncrypting) =>
      isEncrypting ? this.#encrypt() : this.#decrypt(name)
    native.enableTicketKeyCallback()
  }

  #encrypt(): Answer {
    this.#rotateWhereDue()
    const { name, hmac, aes } = partsOf(this.#keys[PRESENT]!)
    return [USE_KEY, hmac, aes, name, randomBytes(PART_BYTES)]
  }

  #decrypt(name: Buffer): Answer {
    this.#rotateWhereDue()
    const key = this.#keys.find((each) => partsOf(each).name.equals(name))
    const { hmac, aes } = partsOf(key ?? NO_KEY)
    return [key === undefined ? UNKNOWN_KEY : USE_KEY_AND_RENEW, hmac, aes]
  }

  /** Rotates on use, so that an idle process needs no timer. Several hours may have passed. */
  #rotateWhereDue(): void {
    const hours = Math.floor((performance.now() - this.#rotateAt) / ROTATE_EVERY_MS) + 1
    for (let hour = 0; hour < Math.min(hours, ALL_KEYS); hour++) this.rotate()
  }
}

const freshKeys = (count: number): Buffer[] => Array.from({ length: count }, () => randomBytes(KEY_BYTES))

const parseKeys = (texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text, 'base64'))

function partsOf(key: Buffer): { name: Buffer; hmac: Buffer; aes: Buffer } {
  const part = (index: number): Buffer => key.subarray(index * PART_BYTES, (index + 1) * PART_BYTES)
  return { name: part(0), hmac: part(1), aes: part(2) }
}

/**
 * Says what is wrong with a certificate and its key: which file, and what to do. OpenSSL says it in numbers.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { time } from './figures.js'
import type { NamedPem } from './pem.js'
import { EXPIRES_SOON_MS } from './words.js'

export interface PairFault {
  readonly about: 'cert' | 'key'
  readonly message: string
}

const CERTIFICATE = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[\s\S]*?-----END \1-----/g
const CERTIFICATE_BEGINS = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/
/** RFC 5958 section 3, and RFC 1421 section 4.6.1.1 for what older tools write. */
const ENCRYPTED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/

/** Why a certificate and its key cannot be used together. Empty: they can. */
export function explainPair(cert: NamedPem, key: NamedPem): PairFault[] {
  const wrongCertificates = explainCertificates(cert)
  const privateKey = readKey(key)
  if (wrongCertificates === undefined && typeof privateKey !== 'string') {
    return explainMatch(cert, key, privateKey) ?? explainContext(cert, key)
  }
  const faults: PairFault[] = []
  if (wrongCertificates !== undefined) {
    const hint = cert.text.search(CERTIFICATE_BEGINS) === -1 ? hintOfSwap(cert, PRIVATE_KEY) : ''
    faults.push({ about: 'cert', message: wrongCertificates + hint })
  }
  if (typeof privateKey === 'string') faults.push({ about: 'key', message: privateKey })
  return faults
}

/** Names the certificate that cannot be read. Undefined: all can be read. */
export function explainCertificates(pem: NamedPem): string | undefined {
  const blocks = blocksOf(pem.text)
  const begun = pem.text.match(CERTIFICATE_BEGINS)?.length ?? 0
  if (begun === 0) return `${shown(pem, 'it')} holds no certificate in PEM${hintOfDer(pem, 'x509')}`
  const broken = blocks.findIndex((block) => certificateIn(block) === undefined)
  if (broken === -1 && blocks.length === begun) return undefined
  const name = nameOf(pem, broken === -1 ? begun - 1 : broken, begun)
  return `${name} cannot be read, because its PEM is damaged: write it again`
}

/** What is wrong with the dates of a certificate. */
export interface DatesFault {
  readonly message: string
  /** It is valid, and expires soon. */
  readonly isGood: boolean
}

/**
 * Names the certificate that has expired, expires soon or is not valid yet at `now`, in ms since 1970. In a chain all must
 * be valid. Of authorities, one is enough. Undefined: nothing is wrong.
 */
export function explainDates(
  pem: NamedPem,
  now: number,
  of: 'chain' | 'authorities',
): DatesFault | undefined {
  const certificates = blocksOf(pem.text).map(certificateIn)
  const faults = certificates.map((certificate) => certificate && datesFault(certificate, now))
  if (of === 'authorities' && faults.includes(undefined)) return undefined
  const worst = faults.find((fault) => fault?.isGood === false) ?? faults.find((fault) => fault !== undefined)
  if (worst === undefined) return undefined
  return { ...worst, message: `${nameOf(pem, faults.indexOf(worst), certificates.length)} ${worst.message}` }
}

/** When the first certificate of a chain expires, in ms since 1970. */
export function expiryOf(chain: string): number {
  return Math.min(...blocksOf(chain).map((block) => Date.parse(new X509Certificate(block).validTo)))
}

function datesFault({ validFrom, validTo }: X509Certificate, now: number): DatesFault | undefined {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)]
  if (to < now) return { message: `has expired (${dayOf(to)}): renew it`, isGood: false }
  if (from > now)
    return { message: `is not valid before ${dayOf(from)}: check the clock of this machine`, isGood: false }
  if (to - now >= EXPIRES_SOON_MS) return undefined
  return { message: `expires in ${time(to - now)} (${dayOf(to)}): renew it`, isGood: true }
}

function readKey(key: NamedPem): KeyObject | string {
  const name = shown(key, 'the key')
  if (ENCRYPTED_KEY.test(key.text)) {
    const file = shown(key, 'FILE')
    return `${name} needs a passphrase, which millrace cannot ask for: remove it (openssl pkey -in ${file} -out NEW)`
  }
  if (!PRIVATE_KEY.test(key.text)) {
    const swap = hintOfSwap(key, CERTIFICATE_BEGINS)
    return `${shown(key, 'it')} holds no private key in PEM${swap === '' ? hintOfDer(key, 'pkey') : swap}`
  }
  try {
    return createPrivateKey(key.text)
  } catch {
    return `${name} cannot be read, because its PEM is damaged or of a kind that OpenSSL does not know: write another key`
  }
}

function explainMatch(cert: NamedPem, key: NamedPem, privateKey: KeyObject): PairFault[] | undefined {
  const isItsKey = (block: string): boolean => certificateIn(block)?.checkPrivateKey(privateKey) === true
  const at = blocksOf(cert.text).findIndex(isItsKey)
  if (at === 0) return undefined
  const [keyName, certName] = [shown(key, 'the key'), shown(cert, 'the certificate')]
  if (at === -1) {
    const message = `${keyName} is not the key of ${certName}: use the key that its request was made with`
    return [{ about: 'key', message }]
  }
  const message = `${keyName} is the key of certificate ${at + 1} of ${certName}: put that certificate first`
  return [{ about: 'cert', message }]
}

/** Finds what only OpenSSL knows, such as that a key is too weak. */
function explainContext(cert: NamedPem, key: NamedPem): PairFault[] {
  try {
    createSecureContext({ cert: cert.text, key: key.text })
    return []
  } catch (error) {
    const { reason = 'unknown reason' } = error as { reason?: string }
    const message = `OpenSSL refuses ${shown(cert, 'the certificate')} and its key: ${reason}. Use another certificate and key`
    return [{ about: 'cert', message }]
  }
}

function certificateIn(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text)
  } catch {
    return undefined
  }
}

const blocksOf = (text: string): readonly string[] => text.match(CERTIFICATE) ?? []

function hintOfSwap({ text }: NamedPem, theOther: RegExp): string {
  return text.search(theOther) === -1 ? '' : '. Are "cert" and "key" swapped?'
}

/** DER begins with a SEQUENCE (0x30) and holds bytes that are not UTF-8. In PKCS #12 the number 3 follows (RFC 7292 section 4). */
function hintOfDer(pem: NamedPem, command: 'x509' | 'pkey'): string {
  const { text } = pem
  if (!text.startsWith('0') || !text.includes('\uFFFD')) return '. Use a PEM file that has one'
  if (text.slice(0, 9).includes('\x02\x01\x03')) {
    return `, but PKCS #12: convert it (openssl pkcs12 -in ${shown(pem, 'FILE')} -nodes -out NEW)`
  }
  return `, but DER: convert it (openssl ${command} -inform DER -in ${shown(pem, 'FILE')} -out NEW)`
}

/** Names the certificate at `index`, of `count`. */
function nameOf(pem: NamedPem, index: number, count: number): string {
  const which = count > 1 ? `certificate ${index + 1} of ` : ''
  return which + shown(pem, 'the certificate')
}

/** The path, on one line. `otherwise` if the PEM itself stands in the config. */
function shown({ path }: NamedPem, otherwise: string): string {
  return path === undefined ? otherwise : JSON.stringify(path).slice(1, -1)
}

/** As `2026-11-29`. */
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

/** Self-signed certificates, made by openssl. */
import { join } from 'node:path'
import { run } from './programs.js'

export interface CertificateOptions {
  /** The names in the certificate. Default: localhost and 127.0.0.1. */
  readonly names?: readonly string[]
  /** The beginning of its file names, before `cert.pem` and `key.pem`. Default: none. */
  readonly prefix?: string
  /** Whether the certificate has expired. Default false. */
  readonly hasExpired?: boolean
  /** For how many days it is valid. Default 30. */
  readonly days?: number
  /** The kind of key. Default: ECDSA on P-256. */
  readonly kind?: keyof typeof KINDS
}

const KINDS = {
  ecdsa: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-newkey', 'rsa:2048'],
  ed25519: ['-newkey', 'ed25519'],
} as const

/** Writes a certificate and its key into `folder` and returns their paths. */
export async function selfSigned(
  folder: string,
  {
    names = ['localhost'],
    prefix = '',
    hasExpired = false,
    days = 30,
    kind = 'ecdsa',
  }: CertificateOptions = {},
): Promise<{ cert: string; key: string }> {
  const cert = join(folder, `${prefix}cert.pem`)
  const key = join(folder, `${prefix}key.pem`)
  const how = ['-x509', ...KINDS[kind], '-nodes', '-days', String(days)]
  const alternatives = [
    ...names.map((name) => `DNS:${name}`),
    ...(names.includes('localhost') ? ['IP:127.0.0.1'] : []),
  ]
  const subject = ['-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${alternatives.join()}`]
  const { code, stderr } = await run('openssl', ['req', ...how, ...subject, '-keyout', key, '-out', cert])
  if (code !== 0) throw new Error(`openssl req: ${stderr}`)
  // `openssl req` cannot make a certificate that is already expired.
  if (hasExpired) await run('openssl', ['x509', '-in', cert, '-signkey', key, '-days', '-1', '-out', cert])
  return { cert, key }
}

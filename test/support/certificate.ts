/** Self-signed certificates, made by openssl. */
import { join } from 'node:path'
import { run } from './programs.js'

export interface CertificateOptions {
  /** Default: localhost and 127.0.0.1. */
  readonly names?: readonly string[]
  /** Of its files: `cert.pem` and `key.pem` behind it. Default none. */
  readonly prefix?: string
  /** Days until it expires; negative: it has. Default 2. */
  readonly days?: number
}

/** Writes a certificate and its key into `folder`; answers their paths. */
export async function selfSigned(
  folder: string,
  { names = ['localhost'], prefix = '', days = 2 }: CertificateOptions = {},
): Promise<{ cert: string; key: string }> {
  const cert = join(folder, `${prefix}cert.pem`)
  const key = join(folder, `${prefix}key.pem`)
  const kind = [
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    String(days),
  ]
  const alternatives = [
    ...names.map((name) => `DNS:${name}`),
    ...(names.includes('localhost') ? ['IP:127.0.0.1'] : []),
  ]
  const subject = ['-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${alternatives.join()}`]
  const { code, stderr } = await run('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', cert])
  if (code !== 0) throw new Error(`openssl req: ${stderr}`)
  return { cert, key }
}

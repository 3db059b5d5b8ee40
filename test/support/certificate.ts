/** A self-signed certificate for localhost, made by openssl. */
import { join } from 'node:path'
import { run } from './programs.js'

/** Writes `cert.pem` and `key.pem` into `folder`; answers their paths. */
export async function selfSigned(folder: string): Promise<{ cert: string; key: string }> {
  const cert = join(folder, 'cert.pem')
  const key = join(folder, 'key.pem')
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const { code, stderr } = await run('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', cert])
  if (code !== 0) throw new Error(`openssl req: ${stderr}`)
  return { cert, key }
}

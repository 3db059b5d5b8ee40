/**
 * Certificates and keys named in a config: whether they can be read and belong together, found out before anything
 * listens. Reads files, keeps nothing. What is used later is read again, by the room that uses it.
 */
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { readPem } from '../pem.js'
import type { Finding, Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'
import { quote } from './wording.js'

export function checkCertificates(input: unknown): Finding[] {
  const listeners = itemsOf(valueAt(input, 'listeners')).flatMap((listener, index) =>
    checkTls(valueAt(listener, 'tls'), ['listeners', index, 'tls'], 'clientCa'),
  )
  const clusters = valueAt(input, 'clusters')
  const names = isMap(clusters) ? Object.keys(clusters) : []
  const backends = names.flatMap((name) =>
    checkTls(valueAt(valueAt(clusters, name), 'tls'), ['clusters', name, 'tls'], 'ca'),
  )
  return [...listeners, ...backends]
}

function checkTls(tls: unknown, path: Path, ca: string): Finding[] {
  if (!isMap(tls)) return []
  const more = itemsOf(tls.certificates).flatMap((pair, index) =>
    checkPair(pair, [...path, 'certificates', index]),
  )
  return [...checkPair(tls, path), ...more, ...checkAuthority(tls[ca], [...path, ca])]
}

function checkPair(pair: unknown, path: Path): Finding[] {
  const files = ['cert', 'key'].map((name) => readText(valueAt(pair, name), [...path, name]))
  const findings = files.flatMap(({ finding }) => finding ?? [])
  const [cert, key] = files.map(({ text }) => text)
  if (findings.length > 0 || cert === undefined || key === undefined) return findings
  return explainContext({ cert, key }, [...path, 'key'])
}

function checkAuthority(ca: unknown, path: Path): Finding[] {
  const { text, finding } = readText(ca, path)
  if (text !== undefined && !/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(text)) {
    return [{ path, message: 'holds no certificate in PEM', about: 'value' }]
  }
  return finding === undefined ? (text === undefined ? [] : explainContext({ ca: text }, path)) : [finding]
}

function explainContext(options: SecureContextOptions, path: Path): Finding[] {
  try {
    createSecureContext(options)
    return []
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [{ path, message: `certificate and key cannot be used: ${why}`, about: 'value' }]
  }
}

function readText(value: unknown, path: Path): { text?: string; finding?: Finding } {
  if (typeof value !== 'string') return {}
  try {
    return { text: readPem(value) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    return { finding: { path, message: `cannot read ${quote(value)}: ${code}`, about: 'value' } }
  }
}

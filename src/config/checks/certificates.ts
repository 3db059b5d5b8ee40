/**
 * Checks the certificates and keys that a config names, before anything listens: can they be read, and do
 * they belong together? It reads files and keeps nothing. The room that uses a certificate reads it again.
 */
import { explainCertificates, explainDates, explainPair } from '../../key-pair.js'
import { type NamedPem, readNamedPem } from '../../pem.js'
import { quote } from '../wording.js'
import type { Finding, Path } from './path.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'

/** Finds certificates and keys that cannot be used. */
export function checkCertificates(input: unknown): Finding[] {
  return tlsMapsIn(input).flatMap(({ tls, path, ca }) => [
    ...pairsIn(tls, path).flatMap((pair) => checkPair(pair.pair, pair.path)),
    ...checkAuthority(tls[ca], [...path, ca]),
  ])
}

/** A fault of a certificate's dates. `isGood`: it is valid, and expires soon. */
interface DatesFinding {
  readonly finding: Finding
  readonly isGood: boolean
}

/**
 * Finds certificates that have expired or are not valid yet. A proxy starts with them, because its other
 * names may be good.
 */
export function checkCertificateDates(input: unknown): Finding[] {
  return certificateDates(input)
    .filter(({ isGood }) => !isGood)
    .map(({ finding }) => finding)
}

export function certificateDates(input: unknown): DatesFinding[] {
  return tlsMapsIn(input).flatMap(({ tls, path, ca }) => [
    ...pairsIn(tls, path).flatMap((pair) =>
      checkDates(valueAt(pair.pair, 'cert'), [...pair.path, 'cert'], 'chain'),
    ),
    ...checkDates(tls[ca], [...path, ca], 'authorities'),
  ])
}

/** Where a cluster has TLS towards its backends. */
export const BACKEND_TLS: readonly (readonly string[])[] = [['tls'], ['health', 'check', 'tls']]

interface TlsMap {
  readonly tls: Readonly<Record<string, unknown>>
  readonly path: Path
  /** The key that names the trusted authorities. */
  readonly ca: 'clientCa' | 'ca'
}

function tlsMapsIn(input: unknown): TlsMap[] {
  const listeners = itemsOf(valueAt(input, 'listeners')).map((listener, index) => ({
    tls: valueAt(listener, 'tls'),
    path: ['listeners', index, 'tls'],
    ca: 'clientCa' as const,
  }))
  const clusters = valueAt(input, 'clusters')
  const names = isMap(clusters) ? Object.keys(clusters) : []
  const backends = names.flatMap((name) =>
    BACKEND_TLS.map((keys) => ({
      tls: keys.reduce(valueAt, valueAt(clusters, name)),
      path: ['clusters', name, ...keys],
      ca: 'ca' as const,
    })),
  )
  return [...listeners, ...backends].flatMap(({ tls, ...rest }) => (isMap(tls) ? [{ tls, ...rest }] : []))
}

function pairsIn(tls: Readonly<Record<string, unknown>>, path: Path): { pair: unknown; path: Path }[] {
  const more = itemsOf(tls.certificates).map((pair, index) => ({
    pair,
    path: [...path, 'certificates', index],
  }))
  return [{ pair: tls, path }, ...more]
}

function checkPair(pair: unknown, path: Path): Finding[] {
  const cert = readNamed(valueAt(pair, 'cert'), [...path, 'cert'])
  const key = readNamed(valueAt(pair, 'key'), [...path, 'key'])
  const findings = [cert, key].flatMap(({ finding }) => finding ?? [])
  if (cert.pem === undefined || key.pem === undefined) return findings
  return explainPair(cert.pem, key.pem).map(({ about, message }) => ({
    path: [...path, about],
    message,
    about: 'value',
  }))
}

function checkDates(value: unknown, path: Path, of: 'chain' | 'authorities'): DatesFinding[] {
  const { pem } = readNamed(value, path)
  const fault = pem && explainDates(pem, Date.now(), of)
  if (fault === undefined) return []
  const { message, isGood } = fault
  return [{ finding: { path, message, about: 'value' }, isGood }]
}

function checkAuthority(ca: unknown, path: Path): Finding[] {
  const { pem, finding } = readNamed(ca, path)
  if (finding !== undefined) return [finding]
  const message = pem && explainCertificates(pem)
  return message === undefined ? [] : [{ path, message, about: 'value' }]
}

function readNamed(value: unknown, path: Path): { pem?: NamedPem; finding?: Finding } {
  if (typeof value !== 'string') return {}
  try {
    return { pem: readNamedPem(value) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    return {
      finding: {
        path,
        message: `cannot read the file ${quote(value)}: ${code}. Write PEM text, or the path of a file that millrace can read`,
        about: 'value',
      },
    }
  }
}

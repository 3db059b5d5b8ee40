/** TLS of checks. Each check does a whole handshake, so that it finds a certificate that has expired meanwhile. */
import { TlsOrigination } from '../tls/tls-origination.js'
import type { ProbeTarget, ProbeTls } from './check.js'
import type { TlsPlan } from './probe-connection.js'

/** What `tls: {}` means for a cluster. */
const DEFAULTS: ProbeTls = {
  serverName: undefined,
  ca: undefined,
  verify: true,
  alpn: [],
  cert: undefined,
  key: undefined,
}

type Kept = 'asConfigured' | 'http'

/** To read the files takes longer than many a check. */
const originations = new WeakMap<ProbeTls, Partial<Record<Kept, TlsOrigination>>>()

/**
 * `clientName`: the name that a client would ask for. For HTTP no other protocol is offered by ALPN, because the backend
 * would choose HTTP/2 if it could.
 */
export function tlsPlan(
  { tls = DEFAULTS, startTls, address, host }: ProbeTarget,
  isHttp: boolean,
  clientName: string | undefined,
): TlsPlan {
  const backend = { name: host ?? '', host: host ?? (address.kind === 'tcp' ? address.host : undefined) }
  return { startTls, begin: (raw) => originationOf(tls, isHttp).begin(raw, backend, clientName) }
}

function originationOf(tls: ProbeTls, isHttp: boolean): TlsOrigination {
  const kept = originations.get(tls) ?? {}
  const kind = isHttp && tls.alpn.length > 0 ? 'http' : 'asConfigured'
  const alpn = kind === 'http' ? ['http/1.1'] : tls.alpn
  const origination = kept[kind] ?? new TlsOrigination({ ...tls, alpn }, { resumes: false })
  originations.set(tls, { ...kept, [kind]: origination })
  return origination
}

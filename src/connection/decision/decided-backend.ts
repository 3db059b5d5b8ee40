/**
 * Reads the backend that a route function returns. It takes what the config takes for a cluster, except that it reads no file: a
 * function decides for each connection.
 */
import type { Address } from '../../address.js'
import type { ProxyTlv, StartTls } from '../../config/common-input.js'
import { PROXY_TLVS } from '../../config/proxy-tlvs.js'
import type { SendProxyConfig } from '../../config/schema.js'
import type { BackendTlsConfig } from '../../config/schemas/tls-schema.js'
import { parsePortedAddress } from '../../config/values/addresses.js'
import { explainProtocol, explainServerName } from '../../config/values/host-names.js'
import {
  explainCredential,
  forwardProxyOf,
  parseProxyAddress,
  partsOfUrl,
  type WrittenProxy,
  Wrong,
} from '../../config/values/via-parts.js'
import { ALPN_POSTGRESQL, normalizeName } from '../../names.js'
import type { ForwardProxyOptions } from '../../via/forward-proxy.js'
import { type Reader, type Readers, readBoolean, readMap, readText, textThat, wrong } from './read-map.js'

export interface BackendParts {
  readonly address: Address
  readonly tls?: BackendTlsConfig | undefined
  readonly startTls?: StartTls | undefined
  readonly sendProxy?: SendProxyConfig | undefined
  readonly via?: ForwardProxyOptions | undefined
}

const WANTED = 'an address, or a map such as { address: "10.0.0.5:5432" }'
const PEM = /-----BEGIN /

export const readBackend: Reader<BackendParts> = (value, at) => {
  if (typeof value === 'string') return { address: readAddress(value, at) }
  const { address, ...parts } = readMap(value, BACKEND, at, WANTED)
  if (address === undefined) throw new TypeError(`route: ${at}.address is missing: return ${WANTED}`)
  if (address.kind === 'unix' && parts.via !== undefined)
    throw new TypeError(`route: ${at}.via: a forward proxy cannot reach a unix socket`)
  return { address, ...withAlpn(parts) }
}

/** As for a cluster: Postgres servers insist on their own name by ALPN if TLS begins at once. */
function withAlpn<Parts extends Pick<BackendParts, 'tls' | 'startTls'>>(parts: Parts): Parts {
  const { tls, startTls } = parts
  if (tls === undefined || startTls === undefined || tls.alpn.length > 0) return parts
  return { ...parts, tls: { ...tls, alpn: [ALPN_POSTGRESQL] } }
}

const readAddress: Reader<Address> = (value, at) => {
  const address = parsePortedAddress(readText(value, at))
  if (typeof address === 'string') throw new TypeError(`route: ${at}: ${address}`)
  return address
}

const pem = textThat((text) => (PEM.test(text) ? undefined : 'expected PEM, and not the path of a file'))

const readAlpn: Reader<readonly string[]> = (value, at) => {
  if (!Array.isArray(value)) throw wrong(at, 'a list of protocols such as ["h2"]', value)
  return value.map((each) => protocol(each, at))
}
const protocol = textThat(explainProtocol)
const serverName = textThat(explainServerName)

const TLS: Readers<BackendTlsConfig> = {
  serverName: (value, at) => {
    const name = serverName(value, at)
    return normalizeName(name) ?? name
  },
  ca: pem,
  verify: readBoolean,
  alpn: readAlpn,
  cert: pem,
  key: pem,
}

const readTls: Reader<BackendTlsConfig> = (value, at) => {
  const {
    serverName: name,
    ca,
    verify = true,
    alpn = [],
    cert,
    key,
  } = readMap(value, TLS, at, 'a map, {} for the defaults')
  if ((cert === undefined) !== (key === undefined))
    throw new TypeError(`route: ${at}: cert and key belong together: return both or none`)
  return { serverName: name, ca, verify, alpn, cert, key }
}

const readVersion: Reader<'v1' | 'v2'> = (value, at) => {
  if (value === 'v1' || value === 'v2') return value
  throw wrong(at, '"v1" or "v2"', value)
}

const USUAL_TLVS = PROXY_TLVS.filter((name) => name !== 'fromClient')

const readTlvs: Reader<readonly ProxyTlv[]> = (value, at) => {
  const isList = Array.isArray(value) && value.every((each) => PROXY_TLVS.includes(each))
  if (!isList) throw wrong(at, `a list of some of ${PROXY_TLVS.join(', ')}`, value)
  return value
}

const readSendProxy: Reader<SendProxyConfig> = (value, at) => {
  if (typeof value === 'string') return { version: readVersion(value, at), tlvs: USUAL_TLVS }
  const parts = readMap<SendProxyConfig>(
    value,
    { version: readVersion, tlvs: readTlvs },
    at,
    '"v1", "v2", or a map',
  )
  const { version, tlvs = USUAL_TLVS } = parts
  if (version === undefined) throw wrong(`${at}.version`, '"v1" or "v2"', version)
  return { version, tlvs }
}

/** What is wrong with it must not show a password. */
const readVia: Reader<ForwardProxyOptions> = (value, at) => {
  const parts = typeof value === 'string' ? partsOfUrl(value) : value
  if (typeof parts === 'string') throw new TypeError(`route: ${at}: ${parts}`)
  const { socks5, http, user, password } = readMap(
    parts,
    VIA,
    at,
    'socks5://HOST:PORT, http://HOST:PORT or a map',
  )
  const proxy = forwardProxyOf({ socks5, http, user, password, passwordFile: undefined })
  if (proxy instanceof Wrong) throw new TypeError(`route: ${[at, ...proxy.path].join('.')}: ${proxy.message}`)
  return proxy
}

const readProxyAddress: Reader<Address> = (value, at) => {
  const address = parseProxyAddress(readText(value, at))
  if (typeof address === 'string') throw new TypeError(`route: ${at}: ${address}`)
  return address
}

const readCredential: Reader<string> = (value, at) => {
  const message = typeof value === 'string' ? explainCredential(value) : 'a text'
  if (message !== undefined) throw new TypeError(`route: ${at}: expected ${message}`)
  return value as string
}

const VIA: Readers<Omit<WrittenProxy, 'passwordFile'>> = {
  socks5: readProxyAddress,
  http: readProxyAddress,
  user: readCredential,
  password: readCredential,
}

const BACKEND: Readers<BackendParts> = {
  address: readAddress,
  tls: readTls,
  startTls: (value, at) => {
    if (value === 'postgres') return value
    throw wrong(at, '"postgres"', value)
  },
  sendProxy: readSendProxy,
  via: readVia,
}

/**
 * What a forward proxy says if it opens no tunnel: every reply of SOCKS5 and every status of CONNECT, with the side that
 * is to blame. Pure.
 */

/** A failure that blames no backend. */
export interface ForwardProxyFailure {
  /** In a few words, for the record. It never has credentials, nor text of the forward proxy. */
  readonly detail: string
  /** Whether a tunnel to another backend may work all the same. */
  readonly mayTryNext: boolean
}

export interface TunnelFailure {
  /** errno name, or `CONNECT_` and the status of the answer. */
  readonly errno: string
  /** Undefined: the forward proxy could not reach the backend. */
  readonly via: ForwardProxyFailure | undefined
}

/** The backend is to blame. */
const backends = (errno: string): TunnelFailure => ({ errno, via: undefined })

/** The forward proxy does not do it for this backend, but perhaps for another one. */
export const refusesThis = (errno: string, detail: string): TunnelFailure => ({
  errno,
  via: { detail, mayTryNext: true },
})

/** The same would happen with every backend. */
export const refusesAll = (errno: string, detail: string): TunnelFailure => ({
  errno,
  via: { detail, mayTryNext: false },
})

/** Nothing came in time. `wasAsked`: for the backend. Then the forward proxy most likely waits for this backend. */
export const tooSlow = (wasAsked: boolean): TunnelFailure =>
  wasAsked ? backends('ETIMEDOUT') : refusesAll('ETIMEDOUT', 'no answer')

/** RFC 1928 section 6. Many servers answer 1 if a name has no address. */
const SOCKS_REPLIES: ReadonlyMap<number, TunnelFailure> = new Map([
  [1, backends('EREMOTEIO')],
  [2, refusesThis('EACCES', 'not allowed by its rules')],
  [3, backends('ENETUNREACH')],
  [4, backends('EHOSTUNREACH')],
  [5, backends('ECONNREFUSED')],
  [6, backends('ETIMEDOUT')],
  [7, refusesAll('EOPNOTSUPP', 'it does not support CONNECT')],
  [8, refusesThis('EAFNOSUPPORT', 'it does not support this type of address')],
])

/** `code` is not 0, which means success. */
export function socksFailure(code: number): TunnelFailure {
  return SOCKS_REPLIES.get(code) ?? refusesThis('EPROTO', `unknown reply ${code}`)
}

/**
 * RFC 9110 section 15. Forward proxies answer 500 (tinyproxy), 502 or 503 (Squid, Envoy) if they cannot connect, or if a
 * name has no address. `status` is not 2xx.
 */
export function connectFailure(status: number, hasCredentials: boolean): TunnelFailure {
  // tinyproxy answers 401 to wrong credentials.
  if (status === 407 || status === 401)
    return refusesAll('EACCES', hasCredentials ? 'it refuses the credentials' : 'it asks for credentials')
  if (status === 403) return refusesThis('EACCES', 'not allowed by its rules')
  if (status === 404) return refusesThis('ENOTFOUND', 'it answers 404')
  if (status === 504) return backends('ETIMEDOUT')
  if (status >= 500 && !ABOUT_ITSELF.has(status)) return backends(`CONNECT_${status}`)
  return refusesAll('EPROTO', `it answers ${status}`)
}

/** Not Implemented, HTTP Version Not Supported, and Network Authentication Required (RFC 6585 section 6). */
const ABOUT_ITSELF: ReadonlySet<number> = new Set([501, 505, 511])

/**
 * Names of the fields by which proxies tell who a client is, how it came and what it asked for. Pure. If one
 * of them is let through from a client that nobody trusts, that client can be anybody. docs/first-bytes.md
 * lists them.
 */

/** All names that begin so: `-For`, `-Proto`, `-Host`, `-Port`, `-Prefix`, `-Client-Cert` and others. */
export const FORWARDING_PREFIX = 'x-forwarded-'

export const FORWARDING_NAMES: ReadonlySet<string> = new Set([
  // RFC 7239, and names that are used in its place.
  'forwarded',
  'forwarded-for',
  'x-forwarded',
  'x-forward-for',
  'x-original-forwarded-for',
  // Who the client is.
  'x-real-ip',
  'x-real-port',
  'x-client-ip',
  'client-ip',
  'x-cluster-client-ip',
  'x-remote-ip',
  'x-remote-addr',
  'x-originating-ip',
  'x-proxyuser-ip',
  'proxy-client-ip',
  'wl-proxy-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-pseudo-ipv4',
  'fastly-client-ip',
  'fly-client-ip',
  'cloudfront-viewer-address',
  'x-appengine-user-ip',
  'x-azure-clientip',
  'x-azure-socketip',
  'x-envoy-external-address',
  'x-nf-client-connection-ip',
  'x-vercel-forwarded-for',
  // How the client came.
  'x-scheme',
  'x-url-scheme',
  'front-end-https',
  'cf-visitor',
  'cloudfront-forwarded-proto',
  // What the client asked for: some backends route by these instead of by the target and Host.
  'x-host',
  'x-original-host',
  'x-http-host-override',
  'x-original-url',
  'x-rewrite-url',
])

/** Programs behind CGI, WSGI and the like read `X_Real_IP`, and perhaps `X.Real.IP`, as `X-Real-IP`. */
export const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')

/** Matches any spelling. */
export function isForwardingName(name: string): boolean {
  const plain = plainName(name)
  return plain.startsWith(FORWARDING_PREFIX) || FORWARDING_NAMES.has(plain)
}

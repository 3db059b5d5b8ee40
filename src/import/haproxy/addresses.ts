/** Addresses as HAProxy writes them → as our config has them. Pure. */

/** A port range becomes so many listeners at most. */
const MOST_PORTS = 64
const PREFIXES = /^(ipv4|ipv6|tcp|tcp4|tcp6|stream\+ipv4|stream\+ipv6)@/

/** Addresses of one `bind`, which has commas and ranges. A text says why there are none. */
export function bindAddresses(text: string): readonly string[] | string {
  const all: string[] = []
  for (const part of text.split(',')) {
    const ports = /:(\d+)-(\d+)$/.exec(part)
    const texts =
      ports === null ? [part] : portsOf(part.slice(0, ports.index), Number(ports[1]), Number(ports[2]))
    if (typeof texts === 'string') return texts
    for (const each of texts) {
      const address = addressOf(each, '0.0.0.0')
      if (address === undefined) return `millrace cannot listen at "${each}"`
      all.push(address)
    }
  }
  return all
}

/** The address of a server. A text in a map says why there is none. */
export function serverAddress(text: string): string | { readonly why: string } {
  if (/^(fd|sockpair|quic\d|udp\d?)@/.test(text)) return { why: `millrace cannot dial "${text}"` }
  const address = addressOf(text, '')
  if (address === undefined || address.startsWith(':'))
    return { why: `"${text}" is no address with a host and a port` }
  return address
}

function portsOf(host: string, first: number, last: number): string[] | string {
  if (last < first || last - first >= MOST_PORTS)
    return `more than ${MOST_PORTS} ports in one line: write a listener for each`
  return Array.from({ length: last - first + 1 }, (_, index) => `${host}:${first + index}`)
}

function addressOf(text: string, anyHost: string): string | undefined {
  if (text.startsWith('/')) return `unix:${text}`
  if (text.startsWith('unix@')) return `unix:${text.slice('unix@'.length)}`
  if (text.startsWith('abns@')) return `unix:@${text.slice('abns@'.length)}`
  const plain = withVariables(text.replace(PREFIXES, ''))
  const match = /^(.*):(\d{1,5}|\$\{[^}]+\})$/.exec(plain)
  if (match === null) return undefined
  const [, host = '', port = ''] = match
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (bare === '' || bare === '*') return text.startsWith('ipv6@') ? `[::]:${port}` : `${anyHost}:${port}`
  const isIpv6 = bare.replaceAll(/\$\{[^}]*\}/g, '').includes(':')
  return isIpv6 ? `[${bare}]:${port}` : `${bare}:${port}`
}

/** `$NAME`, `${NAME}` and `${NAME-default}` are `${NAME}` and `${NAME:-default}` here. */
export const withVariables = (text: string): string =>
  text.replaceAll(/\$(?:\{(\w+)(?:-([^}]*))?\}|(\w+))/g, (_, braced, fallback, plain) =>
    fallback === undefined ? `\${${braced ?? plain}}` : `\${${braced}:-${fallback}}`,
  )

/**
 * /etc/resolv.conf, resolv.conf(5): which servers to ask, and which domains to try behind a name. Limits and defaults are
 * those of glibc. Keywords and options that are not listed here change nothing. Pure.
 */
import { isIP } from 'node:net'
import type { DnsServer } from '../exchange.js'

export interface ResolvConf {
  /** At most 3. Empty if the file names none or is missing. */
  readonly servers: readonly DnsServer[]
  /** In lower case, without the dot at the end. The root is an empty text. */
  readonly search: readonly string[]
  /** A name with at least so many dots is tried as it is before the domains. */
  readonly ndots: number
  readonly timeoutMs: number
  readonly tries: number
  /** Whether each question begins with another server. */
  readonly rotate: boolean
}

const DNS_PORT = 53
const MOST_SERVERS = 3
/** glibc has no limit. Each domain may cost a question. */
const MOST_DOMAINS = 32
/** Name of the option → default, lowest and highest value. */
const NUMBERS = {
  ndots: { usual: 1, least: 0, most: 15 },
  timeout: { usual: 5, least: 1, most: 30 },
  attempts: { usual: 2, least: 1, most: 5 },
} as const

/** `hostName` is that of this machine. Its domain is searched if the file names no domain. */
export function parseResolvConf(text: string | undefined, hostName: string): ResolvConf {
  const lines = (text ?? '').split('\n').map((line) => line.trim().split(/\s+/))
  const valuesOf = (...keywords: string[]): string[][] =>
    lines.filter(([keyword = '']) => keywords.includes(keyword)).map(([, ...values]) => values)
  const options = valuesOf('options').flat()
  // The last line wins.
  const search = valuesOf('search', 'domain').at(-1) ?? domainOf(hostName)
  return {
    servers: valuesOf('nameserver').flatMap(serverOf).slice(0, MOST_SERVERS),
    search: search.slice(0, MOST_DOMAINS).map((domain) => domain.toLowerCase().replace(/\.$/, '')),
    ndots: numberOf(options, 'ndots'),
    timeoutMs: 1000 * numberOf(options, 'timeout'),
    tries: numberOf(options, 'attempts'),
    rotate: options.includes('rotate'),
  }
}

const serverOf = ([ip = '']: readonly string[]): DnsServer[] =>
  isIP(ip) === 0 ? [] : [{ ip, port: DNS_PORT }]

const domainOf = (hostName: string): string[] => {
  const dot = hostName.indexOf('.')
  return dot === -1 ? [] : [hostName.slice(dot + 1)]
}

/** The last `name:N` among the options. */
function numberOf(options: readonly string[], name: keyof typeof NUMBERS): number {
  const { usual, least, most } = NUMBERS[name]
  const written = options.findLast((option) => option.startsWith(`${name}:`))?.slice(name.length + 1) ?? ''
  return /^\d+$/.test(written) ? Math.min(Math.max(Number(written), least), most) : usual
}

/**
 * Removes what a record must not tell. Pure. Of an address it keeps the network: the first 24 bits of IPv4,
 * 48 bits of IPv6. That tells where a client is, not who.
 */
import { isIPv6 } from 'node:net'
import { formatAddress, parseAddress } from '../../address.js'
import type { RedactableField } from '../../config/schemas/log-schema.js'
import type { ConnectionFacts } from './record.js'

const REDACTED = '[redacted]'
const NETWORK_BITS_IPV6 = 48
const GROUP_BITS = 16

type Facts = { -readonly [Name in keyof ConnectionFacts]: ConnectionFacts[Name] }

const NO_TAGS = {}

/** The facts that the record may tell. */
export function redacted(facts: ConnectionFacts, fields: readonly RedactableField[]): ConnectionFacts {
  const told = { ...facts }
  for (const field of fields) REDACTIONS[field](told)
  return told
}

const REDACTIONS: Record<RedactableField, (facts: Facts) => void> = {
  client: (facts) => {
    facts.client = networkOf(facts.client)
    if (facts.peer !== undefined) facts.peer = networkOf(facts.peer)
    if (facts.proxy) facts.proxy = { ...facts.proxy, from: networkOf(facts.proxy.from) }
  },
  sni: (facts) => {
    facts.sni = hide(facts.sni)
    if (facts.proxy) facts.proxy = { ...facts.proxy, authority: hide(facts.proxy.authority) }
  },
  'http.authority': (facts) => {
    if (facts.http) facts.http = { ...facts.http, authority: REDACTED }
  },
  'http.path': (facts) => {
    if (facts.http) facts.http = { ...facts.http, path: REDACTED }
  },
  'tls.clientName': (facts) => {
    if (facts.tls) facts.tls = { ...facts.tls, clientName: hide(facts.tls.clientName) }
  },
  tags: (facts) => {
    facts.tags = NO_TAGS
  },
}

/** The record still tells that there was something. */
const hide = (text: string | undefined): string | undefined => text && REDACTED

/** `192.0.2.7:5000` → `192.0.2.0:0`. A port would tell apart clients behind the same address. */
function networkOf(text: string): string {
  const address = parseAddress(text)
  if (typeof address === 'string' || address.kind === 'unix') return text
  const { host } = address
  return formatAddress({ ...address, host: isIPv6(host) ? networkV6(host) : networkV4(host), port: 0 })
}

const networkV4 = (host: string): string => host.replace(/\.\d+$/, '.0')

/** Groups count from the left. `::` stands for zeros, wherever it is. */
function networkV6(host: string): string {
  const [plain = ''] = host.split('%')
  // An IPv4 address at the end is two groups. Neither is kept.
  const [head = '', tail] = plain.replace(/[\d.]*\.\d+$/, '0:0').split('::')
  const groups = head.split(':').filter(Boolean)
  const after = tail === undefined ? [] : tail.split(':').filter(Boolean)
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0')
  const kept = [...groups, ...zeros, ...after].slice(0, NETWORK_BITS_IPV6 / GROUP_BITS)
  return `${kept.join(':')}::`
}

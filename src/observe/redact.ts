/**
 * What of a record is not to be told. Pure. Of addresses the network is left: the first 24 bits of IPv4, 48 of IPv6,
 * which says where from and not who.
 */
import { isIPv6 } from 'node:net'
import { formatAddress, parseAddress } from '../address.js'
import type { RedactableField } from '../config/log-schema.js'
import type { ConnectionRecord } from './record.js'

const REDACTED = '[redacted]'
const NETWORK_BITS_IPV6 = 48
const GROUP_BITS = 16

type Fields = { -readonly [Field in keyof ConnectionRecord]: ConnectionRecord[Field] }

/** Changes `record` itself, which is as fresh as it is; what it points to is still somebody's, and is exchanged. */
export function redact(record: Fields, fields: readonly RedactableField[]): void {
  for (const field of fields) REDACTIONS[field](record)
}

const REDACTIONS: Record<RedactableField, (record: Fields) => void> = {
  client: (record) => {
    record.client = networkOf(record.client)
    if (record.proxy) record.proxy = { ...record.proxy, from: networkOf(record.proxy.from) }
  },
  sni: (record) => {
    record.sni = hide(record.sni)
    if (record.proxy) record.proxy = { ...record.proxy, authority: hide(record.proxy.authority) }
  },
  'http.authority': (record) => {
    if (record.http) record.http = { ...record.http, authority: REDACTED }
  },
  'http.path': (record) => {
    if (record.http) record.http = { ...record.http, path: REDACTED }
  },
  'tls.clientName': (record) => {
    if (record.tls) record.tls = { ...record.tls, clientName: hide(record.tls.clientName) }
  },
  tags: (record) => {
    record.tags = {}
  },
}

/** That there was something is told. */
const hide = (text: string | undefined): string | undefined => text && REDACTED

/** `192.0.2.7:5000` → `192.0.2.0:0`. A port tells one of many behind the same address. */
function networkOf(text: string): string {
  const address = parseAddress(text)
  if (typeof address === 'string' || address.kind === 'unix') return text
  const { host } = address
  return formatAddress({ ...address, host: isIPv6(host) ? networkV6(host) : networkV4(host), port: 0 })
}

const networkV4 = (host: string): string => host.replace(/\.\d+$/, '.0')

/** Groups are counted from the left; what `::` stands for is zeros, wherever it stands. */
function networkV6(host: string): string {
  const [plain = ''] = host.split('%')
  // An IPv4 address at its end is two groups, and neither is left.
  const [head = '', tail] = plain.replace(/[\d.]*\.\d+$/, '0:0').split('::')
  const groups = head.split(':').filter(Boolean)
  const after = tail === undefined ? [] : tail.split(':').filter(Boolean)
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0')
  const kept = [...groups, ...zeros, ...after].slice(0, NETWORK_BITS_IPV6 / GROUP_BITS)
  return `${kept.join(':')}::`
}

/**
 * What of a record is not to be told. Pure. Of addresses the network is left: the first 24 bits of IPv4, 48 of IPv6,
 * which says where from and not who.
 */
import { isIPv6 } from 'node:net'
import { formatAddress, parseAddress } from '../address.js'
import type { RedactableField } from '../config/log-schema.js'

const REDACTED = '[redacted]'
const NETWORK_BITS_IPV6 = 48
const GROUP_BITS = 16

type Fields = Record<string, unknown>

/** The same record where nothing is to be left out. */
export function redact(record: Fields, fields: readonly RedactableField[]): Fields {
  if (fields.length === 0) return record
  const told = structuredClone(record)
  for (const field of fields) REDACTIONS[field](told)
  return told
}

const REDACTIONS: Record<RedactableField, (record: Fields) => void> = {
  client: (record) => {
    replace(record, 'client', networkOf)
    within(record, 'proxy', (proxy) => replace(proxy, 'from', networkOf))
  },
  sni: (record) => replace(record, 'sni', hide),
  'http.authority': (record) => within(record, 'http', (http) => replace(http, 'authority', hide)),
  'http.path': (record) => within(record, 'http', (http) => replace(http, 'path', hide)),
  'tls.clientName': (record) => within(record, 'tls', (tls) => replace(tls, 'clientName', hide)),
  tags: (record) => {
    record.tags = {}
  },
}

const hide = (): string => REDACTED

function within(record: Fields, key: string, change: (inner: Fields) => void): void {
  const inner = record[key]
  if (typeof inner === 'object' && inner !== null) change(inner as Fields)
}

function replace(record: Fields, key: string, change: (text: string) => string): void {
  const text = record[key]
  if (typeof text === 'string') record[key] = change(text)
}

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
  const [left = ''] = host.split('%')
  const [head = '', tail] = left.split('::')
  const groups = head.split(':').filter(Boolean)
  const after = tail === undefined ? [] : tail.split(':').filter(Boolean)
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0')
  const kept = [...groups, ...zeros, ...after].slice(0, NETWORK_BITS_IPV6 / GROUP_BITS)
  return `${kept.join(':')}::`
}

/**
 * Version 2: a fixed part that says how long the rest is, then addresses, then TLVs. The fixed part is
 * checked as soon as it is here. The rest is checked when all of it is here, because no receiver may read
 * half an address.
 */
import type { Address } from '../address.js'
import { bytesToIp, unmapBytes } from '../ip.js'
import type { Answer } from '../peek/answer.js'
import {
  type ProxyFacts,
  type ProxyHeader,
  UNIX_NAME_BYTES,
  V2_COMMANDS,
  V2_FAMILIES,
  V2_FIXED_BYTES,
  V2_MAX_LENGTH_BYTES,
  V2_SIGNATURE,
  V2_TRANSPORTS,
} from './header.js'
import { readTlvs } from './tlvs.js'

const VERSION = 2
const VERSION_AT = V2_SIGNATURE.length
const FAMILY_AT = VERSION_AT + 1
const LENGTH_AT = FAMILY_AT + 1
const PORT_BYTES = 2
/** Bytes of one address, without its port. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = {
  [V2_FAMILIES.unspec]: 0,
  [V2_FAMILIES.inet]: 4,
  [V2_FAMILIES.inet6]: 16,
  [V2_FAMILIES.unix]: UNIX_NAME_BYTES,
}

/** `bytes` begin with the signature, or with as much of it as has come. */
export function decodeV2(bytes: Buffer): Answer<ProxyHeader> {
  const wrong = wrongStart(bytes)
  if (wrong !== undefined) return { kind: 'no-match', reason: `v2: ${wrong}` }
  if (bytes.length < V2_FIXED_BYTES) return { kind: 'need-more' }
  const end = V2_FIXED_BYTES + lengthOf(bytes)
  if (bytes.length < end) return { kind: 'need-more' }
  const header = readHeader(Buffer.from(bytes.subarray(0, end)))
  if (typeof header === 'string') return { kind: 'no-match', reason: `v2: ${header}` }
  return { kind: 'match', value: header, bytes: end }
}

/** Says what is wrong with the fixed part, as far as it has come. */
function wrongStart(bytes: Buffer): string | undefined {
  if (bytes.length > VERSION_AT && bytes[VERSION_AT]! >> 4 !== VERSION) return 'unknown version'
  if (bytes.length > VERSION_AT && commandOf(bytes) > V2_COMMANDS.proxy) return 'unknown command'
  if (bytes.length > FAMILY_AT && !isLocal(bytes)) {
    if (familyOf(bytes) > V2_FAMILIES.unix) return 'unknown address family'
    if (transportOf(bytes) > V2_TRANSPORTS.dgram) return 'unknown transport'
  }
  return bytes.length < V2_FIXED_BYTES ? undefined : wrongLength(bytes)
}

function wrongLength(bytes: Buffer): string | undefined {
  if (lengthOf(bytes) > V2_MAX_LENGTH_BYTES) return `longer than ${V2_MAX_LENGTH_BYTES} bytes`
  if (!isLocal(bytes) && lengthOf(bytes) < addressesBytes(familyOf(bytes)))
    return 'too short for its addresses'
  return undefined
}

const commandOf = (bytes: Buffer): number => bytes[VERSION_AT]! & 15
const isLocal = (bytes: Buffer): boolean => commandOf(bytes) === V2_COMMANDS.local
const familyOf = (bytes: Buffer): number => bytes[FAMILY_AT]! >> 4
const transportOf = (bytes: Buffer): number => bytes[FAMILY_AT]! & 15
const lengthOf = (bytes: Buffer): number => bytes.readUInt16BE(LENGTH_AT)

const hasPorts = (family: number): boolean => family === V2_FAMILIES.inet || family === V2_FAMILIES.inet6

function addressesBytes(family: number): number {
  return 2 * (ADDRESS_BYTES[family]! + (hasPorts(family) ? PORT_BYTES : 0))
}

/** `header` is complete and our own copy. The content of a LOCAL one is skipped, as the standard wants. */
function readHeader(header: Buffer): ProxyHeader | string {
  if (isLocal(header)) return { version: VERSION, command: 'local', tlvs: [] }
  const addresses = readAddresses(header)
  if (typeof addresses === 'string') return addresses
  const tlvs = readTlvs(header, V2_FIXED_BYTES + addressesBytes(familyOf(header)))
  if (typeof tlvs === 'string') return tlvs
  return { version: VERSION, command: 'proxy', ...addresses, ...tlvs }
}

function readAddresses(header: Buffer): ProxyFacts | string {
  const family = familyOf(header)
  if (family === V2_FAMILIES.unspec || transportOf(header) === V2_TRANSPORTS.unspec) return {}
  const size = ADDRESS_BYTES[family]!
  const source = header.subarray(V2_FIXED_BYTES, V2_FIXED_BYTES + size)
  const destination = header.subarray(V2_FIXED_BYTES + size, V2_FIXED_BYTES + 2 * size)
  if (hasPorts(family)) {
    const portsAt = V2_FIXED_BYTES + 2 * size
    return {
      source: tcpAddress(source, header.readUInt16BE(portsAt)),
      destination: tcpAddress(destination, header.readUInt16BE(portsAt + PORT_BYTES)),
    }
  }
  if (!source.includes(0) || !destination.includes(0)) return 'unix path without its NUL'
  return { source: unixAddress(source), destination: unixAddress(destination) }
}

const tcpAddress = (ip: Buffer, port: number): Address => ({
  kind: 'tcp',
  host: bytesToIp(unmapBytes(ip)),
  port,
})

/** An abstract name begins with NUL and ends before its padding. Any other name ends at its first NUL. */
function unixAddress(name: Buffer): Address {
  const path = name[0] === 0 ? name.toString().replace(/\0+$/, '') : name.toString('utf8', 0, name.indexOf(0))
  return { kind: 'unix', path }
}

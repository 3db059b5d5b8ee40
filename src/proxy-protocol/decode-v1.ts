/**
 * Version 1: one line of text. It is strict, because a reader that reads a line differently than its sender
 * believes somebody else's address. A field that can no longer become right is refused before its line has
 * ended.
 */
import { isIP } from 'node:net'
import type { Address } from '../address.js'
import { bytesToIp, ipToBytes } from '../ip.js'
import type { Answer } from '../peek/answer.js'
import { type ProxyHeader, V1_MAX_BYTES } from './header.js'

const CRLF = '\r\n'
/** The family of the addresses that follow each protocol. 0: anything may follow. */
const FAMILIES = new Map<string, 0 | 4 | 6>([
  ['TCP4', 4],
  ['TCP6', 6],
  ['UNKNOWN', 0],
])
const FIELDS = ['source address', 'destination address', 'source port', 'destination port']
const ADDRESSES = 2
/** If the beginning of an address can become one, then some end of these completes it. */
const SAMPLE_ADDRESSES = ['0.0.0.0', '0:0:0:0:0:0:0:0']

/** `bytes` begin with the signature, or with as much of it as has come. */
export function decodeV1(bytes: Buffer): Answer<ProxyHeader> {
  const text = bytes.toString('latin1', 0, V1_MAX_BYTES)
  const line = /^[^\r\n]*/.exec(text)?.[0] ?? ''
  const ending = text.slice(line.length, line.length + CRLF.length)
  const wrong = wrongEnding(line, ending) ?? wrongLine(line, ending !== '')
  if (wrong !== undefined) return { kind: 'no-match', reason: `v1: ${wrong}` }
  if (ending !== CRLF) return { kind: 'need-more' }
  return { kind: 'match', value: headerOf(line), bytes: line.length + CRLF.length }
}

function wrongEnding(line: string, ending: string): string | undefined {
  if (line.length > V1_MAX_BYTES - CRLF.length) return `line longer than ${V1_MAX_BYTES} bytes`
  return CRLF.startsWith(ending) ? undefined : 'CR or LF alone'
}

/** Says what is wrong with the line, as far as it has come. */
function wrongLine(line: string, isWhole: boolean): string | undefined {
  const [, protocol = '', ...fields] = line.split(' ')
  const isOpen = !isWhole && fields.length === 0
  if (isOpen && [...FAMILIES.keys()].some((known) => known.startsWith(protocol))) return undefined
  const family = FAMILIES.get(protocol)
  if (family === undefined) return 'unknown protocol'
  return family === 0 ? undefined : wrongField(fields, family, isWhole)
}

function wrongField(fields: readonly string[], family: 4 | 6, isWhole: boolean): string | undefined {
  if (fields.length > FIELDS.length) return 'too many fields'
  if (isWhole && fields.length < FIELDS.length) return 'too few fields'
  const at = fields.findIndex((field, i) => {
    const isOpen = !isWhole && i === fields.length - 1
    if (i < ADDRESSES) return !(isOpen ? canBecomeIp(field, family) : isPlainIp(field, family))
    return !(isPort(field) || (isOpen && field === ''))
  })
  return at === -1 ? undefined : `bad ${FIELDS[at]}`
}

/** Zones are refused, because they are no part of an address in this format. */
const isPlainIp = (text: string, family: 4 | 6): boolean => isIP(text) === family && !text.includes('%')

function canBecomeIp(text: string, family: 4 | 6): boolean {
  return SAMPLE_ADDRESSES.some((sample) =>
    Array.from({ length: sample.length + 1 }, (_, at) => text + sample.slice(at)).some((whole) =>
      isPlainIp(whole, family),
    ),
  )
}

/** Also true for every beginning of a port, except the empty one. */
const isPort = (text: string): boolean => /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535

function headerOf(line: string): ProxyHeader {
  const header = { version: 1, command: 'proxy', tlvs: [] } as const
  const [, protocol, from = '', to = '', fromPort, toPort] = line.split(' ')
  if (protocol === 'UNKNOWN') return header
  return { ...header, source: addressOf(from, fromPort), destination: addressOf(to, toPort) }
}

/** Each address gets one spelling, so that equal ones compare equal. */
function addressOf(ip: string, port: string | undefined): Address {
  return { kind: 'tcp', host: bytesToIp(ipToBytes(ip)!), port: Number(port) }
}

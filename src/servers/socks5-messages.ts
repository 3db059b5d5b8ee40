/**
 * The messages of a SOCKS5 server (RFC 1928), with user and password (RFC 1929). Pure. The readers keep nothing between calls, and know
 * after 513 bytes at the latest.
 */
import { type AskedServer, readHost } from '../cluster/egress/asked-server.js'
import { bytesToIp } from '../ip.js'
import type { Answer } from '../peek/answer.js'

const VERSION = 5
/** RFC 1929 section 2: its messages have a version of their own. */
const PASSWORD_VERSION = 1
const IPV4 = 1
const NAME = 3
const IPV6 = 4
const ADDRESS_AT = 4
const PORT_BYTES = 2

export const NO_AUTHENTICATION = 0
export const PASSWORD = 2
const NO_METHOD = 0xff
export const CONNECT = 1

export interface SocksRequest {
  readonly command: number
  /** Undefined: the type of its address is unknown. */
  readonly at: { readonly host: Omit<AskedServer, 'port'> | undefined; readonly port: number } | undefined
}

/** The ways of authentication that a client offers. */
export function readGreeting(bytes: Buffer): Answer<readonly number[]> {
  const [version, count] = bytes
  if (version !== undefined && version !== VERSION) return noMatch(`version ${version} instead of SOCKS5`)
  const end = 2 + (count ?? 0)
  if (count === undefined || bytes.length < end) return NEED_MORE
  return { kind: 'match', value: [...bytes.subarray(2, end)], bytes: end }
}

export function readPassword(bytes: Buffer): Answer<{ user: string; password: string }> {
  const [version, userBytes] = bytes
  if (version !== undefined && version !== PASSWORD_VERSION)
    return noMatch('no message with user and password')
  if (userBytes === undefined) return NEED_MORE
  const passwordAt = 2 + userBytes + 1
  const passwordBytes = bytes[passwordAt - 1]
  const end = passwordAt + (passwordBytes ?? 0)
  if (passwordBytes === undefined || bytes.length < end) return NEED_MORE
  const [user, password] = [
    bytes.toString('utf8', 2, passwordAt - 1),
    bytes.toString('utf8', passwordAt, end),
  ]
  return { kind: 'match', value: { user, password }, bytes: end }
}

export function readRequest(bytes: Buffer): Answer<SocksRequest> {
  const [version, command, , type, nameBytes] = bytes
  if (version !== undefined && version !== VERSION) return noMatch('no request')
  if (command === undefined || type === undefined) return NEED_MORE
  if (type !== IPV4 && type !== IPV6 && type !== NAME)
    return { kind: 'match', value: { command, at: undefined }, bytes: ADDRESS_AT }
  if (nameBytes === undefined) return NEED_MORE
  const [from, length] = type === NAME ? [ADDRESS_AT + 1, nameBytes] : [ADDRESS_AT, type === IPV4 ? 4 : 16]
  const end = from + length + PORT_BYTES
  if (bytes.length < end) return NEED_MORE
  const address = bytes.subarray(from, from + length)
  const host = readHost(type === NAME ? address.toString('latin1') : bytesToIp(address))
  return {
    kind: 'match',
    value: { command, at: { host, port: bytes.readUInt16BE(from + length) } },
    bytes: end,
  }
}

/** The way that the server takes. Undefined: none that is offered. */
export const methodAnswer = (method: number | undefined): Buffer =>
  Buffer.from([VERSION, method ?? NO_METHOD])

export const passwordAnswer = (isRight: boolean): Buffer => Buffer.from([PASSWORD_VERSION, isRight ? 0 : 1])

/** The address in it says nothing: it would tell clients about the network of the server, and none needs it. */
export const reply = (code: number): Buffer => Buffer.from([VERSION, code, 0, IPV4, 0, 0, 0, 0, 0, 0])

const NEED_MORE: Answer<never> = { kind: 'need-more' }

const noMatch = (reason: string): Answer<never> => ({ kind: 'no-match', reason })

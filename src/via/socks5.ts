/**
 * The messages of a SOCKS5 client (RFC 1928), with user and password (RFC 1929). A host name is sent as it is: the server
 * resolves it. Pure. The readers keep nothing between calls.
 */
import type { TcpAddress } from '../address.js'
import { ipToBytes } from '../ip.js'
import type { Answer } from '../peek/answer.js'
import type { Credentials } from './forward-proxy.js'

const VERSION = 5
/** RFC 1929 section 2: its messages have a version of their own. */
const PASSWORD_VERSION = 1
const NO_AUTHENTICATION = 0
const PASSWORD = 2
const NO_METHOD = 0xff
const CONNECT = 1
const IPV4 = 1
const NAME = 3
const IPV6 = 4

/** The longest message of a server: a reply with a name of 255 bytes. */
export const MOST_REPLY_BYTES = 4 + 1 + 255 + 2
/** Where the address in a reply begins. */
const ADDRESS_AT = 4
const PORT_BYTES = 2

/** How the server wants to know the client. `none-fits`: in no way that was offered. */
export type Method = 'none' | 'password' | 'none-fits'

/** The first message: the ways of authentication that are offered. */
export function greeting(hasCredentials: boolean): Buffer {
  return Buffer.from(
    hasCredentials ? [VERSION, 2, NO_AUTHENTICATION, PASSWORD] : [VERSION, 1, NO_AUTHENTICATION],
  )
}

/** Reads the answer to the greeting. */
export function readMethod(bytes: Buffer): Answer<Method> {
  const [version, method] = bytes
  if (version !== undefined && version !== VERSION) return noMatch('not a SOCKS5 server')
  if (method === undefined) return NEED_MORE
  const value = METHODS.get(method)
  return value === undefined ? noMatch('bad authentication method') : { kind: 'match', value, bytes: 2 }
}

const METHODS: ReadonlyMap<number, Method> = new Map([
  [NO_AUTHENTICATION, 'none'],
  [PASSWORD, 'password'],
  [NO_METHOD, 'none-fits'],
])

export function passwordMessage({ user, password }: Credentials): Buffer {
  return Buffer.concat([Buffer.from([PASSWORD_VERSION]), counted(user), counted(password)])
}

/** Reads the answer to user and password: whether the server accepts them. */
export function readPasswordAnswer(bytes: Buffer): Answer<boolean> {
  const [version, status] = bytes
  if (version !== undefined && version !== PASSWORD_VERSION) return noMatch('bad answer to the password')
  if (status === undefined) return NEED_MORE
  return { kind: 'match', value: status === 0, bytes: 2 }
}

/** Asks for a connection to `to`. A zone of an IPv6 address is left out: it means something on one machine only. */
export function connectMessage({ host, port }: TcpAddress): Buffer {
  const ip = ipToBytes(host)
  const address = ip === undefined ? counted(host) : ip
  const type = ip === undefined ? NAME : ip.length === 4 ? IPV4 : IPV6
  const end = Buffer.alloc(PORT_BYTES)
  end.writeUInt16BE(port)
  return Buffer.concat([Buffer.from([VERSION, CONNECT, 0, type]), address, end])
}

/**
 * Reads the reply to the request: its code, where 0 means success. The address in it is of no use. A failure is read
 * without it, because some servers leave it out.
 */
export function readReply(bytes: Buffer): Answer<number> {
  const [version, code] = bytes
  if (version !== undefined && version !== VERSION) return noMatch('bad reply')
  if (code === undefined) return NEED_MORE
  if (code !== 0) return { kind: 'match', value: code, bytes: 2 }
  const length = lengthOfReply(bytes)
  if (length === undefined) return noMatch('bad reply')
  return bytes.length < length ? NEED_MORE : { kind: 'match', value: code, bytes: length }
}

/** As far as it is known: at least one byte more than there are, if it is not. Undefined: there is no such type of address. */
function lengthOfReply(bytes: Buffer): number | undefined {
  const type = bytes[ADDRESS_AT - 1]
  if (type === undefined) return bytes.length + 1
  if (type === IPV4) return ADDRESS_AT + 4 + PORT_BYTES
  if (type === IPV6) return ADDRESS_AT + 16 + PORT_BYTES
  if (type !== NAME) return undefined
  const nameLength = bytes[ADDRESS_AT]
  return nameLength === undefined ? bytes.length + 1 : ADDRESS_AT + 1 + nameLength + PORT_BYTES
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

const NEED_MORE: Answer<never> = { kind: 'need-more' }

const noMatch = (reason: string): Answer<never> => ({ kind: 'no-match', reason })

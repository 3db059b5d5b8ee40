/**
 * The first packet of a Postgres client (PostgreSQL documentation, "Message Formats": SSLRequest,
 * GSSENCRequest, CancelRequest, StartupMessage), before and inside TLS. Pure, without memory between calls. A
 * packet that two servers could read in two ways is no match. Otherwise a client could get around routes by
 * user or database.
 */
import type { Answer } from '../peek/answer.js'
import { readStartUp, type StartUp } from './start-up.js'

export type FirstPacket =
  /** No packet yet: a TLS ClientHello begins here. */
  | { readonly kind: 'hello' }
  /** The client asks for TLS, or for GSSAPI encryption, and waits for an answer of one byte. */
  | { readonly kind: 'tls-request' | 'gss-request' }
  | { readonly kind: 'cancel'; readonly session: string }
  | ({ readonly kind: 'start-up' } & StartUp)

/** MAX_STARTUP_PACKET_LENGTH of PostgreSQL's `src/include/libpq/pqcomm.h`. */
export const MOST_PACKET_BYTES = 10_000

const CODES = { cancel: 80_877_102, tls: 80_877_103, gss: 80_877_104 } as const
/**
 * First byte of a record that carries a handshake (RFC 8446 section 5.1). No packet begins with it, because
 * its length would be too large.
 */
const TLS_HANDSHAKE = 22
/** The length and the code of a packet. */
export const HEADER_BYTES = 8
export const PID_BYTES = 4
/** Longest cancel key: 4 bytes in protocol 3.0, up to 256 from 3.2 on. */
export const MOST_KEY_BYTES = 256
/** Protocol 3. The server judges the minor version. */
const MAJOR_VERSION = 3

/** The eight bytes that ask a server for TLS. */
export const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/**
 * Reads the packet at the start of `bytes`. A request that waits for an answer must be alone. Bytes behind it
 * came in the clear, and would be taken for bytes inside TLS (CVE-2021-23214).
 */
export function readFirstPacket(bytes: Buffer): Answer<FirstPacket> {
  if (bytes[0] === TLS_HANDSHAKE) return { kind: 'match', value: { kind: 'hello' }, bytes: 0 }
  const header = readHeader(bytes)
  if (header.kind !== 'match') return header
  const { length, code } = header.value
  if (bytes.length < length) return NEED_MORE
  return readBody(code, bytes.subarray(HEADER_BYTES, length), bytes.length - length)
}

/** Whether `bytes` begin a packet, by its header alone. TLS is none. */
export function beginsPacket(bytes: Buffer): Answer<unknown>['kind'] {
  return readHeader(bytes).kind
}

function readHeader(bytes: Buffer): Answer<{ readonly length: number; readonly code: number }> {
  if (bytes[0] !== undefined && bytes[0] !== 0) return noMatch('not Postgres')
  if (bytes.length < 4) return NEED_MORE
  const length = bytes.readUInt32BE(0)
  if (length < HEADER_BYTES || length > MOST_PACKET_BYTES) return noMatch('bad length')
  if (bytes.length < HEADER_BYTES) return NEED_MORE
  const code = bytes.readUInt32BE(4)
  const wrong = explainLength(code, length)
  return wrong === undefined
    ? { kind: 'match', value: { length, code }, bytes: HEADER_BYTES }
    : noMatch(wrong)
}

/** Checks the length before the body has come. */
function explainLength(code: number, length: number): string | undefined {
  if (code === CODES.tls || code === CODES.gss) return length === HEADER_BYTES ? undefined : 'bad length'
  if (code === CODES.cancel) {
    const keyBytes = length - HEADER_BYTES - PID_BYTES
    return keyBytes >= 1 && keyBytes <= MOST_KEY_BYTES ? undefined : 'bad length'
  }
  return code >>> 16 === MAJOR_VERSION ? undefined : 'unknown protocol version'
}

function readBody(code: number, body: Buffer, bytesBehind: number): Answer<FirstPacket> {
  const bytes = HEADER_BYTES + body.length
  if (code === CODES.tls || code === CODES.gss) {
    if (bytesBehind > 0) return noMatch('bytes before the handshake')
    return { kind: 'match', value: { kind: code === CODES.tls ? 'tls-request' : 'gss-request' }, bytes }
  }
  if (code === CODES.cancel) {
    return { kind: 'match', value: { kind: 'cancel', session: sessionName(body) }, bytes }
  }
  const startUp = readStartUp(body)
  if (typeof startUp === 'string') return noMatch(startUp)
  return { kind: 'match', value: { kind: 'start-up', ...startUp }, bytes }
}

const NEED_MORE: Answer<never> = { kind: 'need-more' }

const noMatch = (reason: string): Answer<never> => ({ kind: 'no-match', reason })

/** Name of a session: process id and cancel key in hex, as in BackendKeyData and in CancelRequest. */
export const sessionName = (idAndKey: Buffer): string => idAndKey.toString('hex')

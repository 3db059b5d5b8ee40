/**
 * Puts a TLS handshake message together from the records that carry it (RFC 8446 section 5.1). It does not
 * matter how the message was cut. Pure, without memory between calls.
 */
import { type Answer, NEED_MORE, noMatch } from './answer.js'

const HANDSHAKE = 22
const HEADER_BYTES = 5
const MOST_FRAGMENT_BYTES = 16 * 1024
const MESSAGE_HEADER_BYTES = 4
/** The major version of every version of TLS. SSL 2 has another format. */
const MAJOR_VERSION = 3

/** Reads the first handshake message: of this `type`, of at most `most` bytes, and alone in its records. */
export function readHandshake(bytes: Buffer, type: number, most: number): Answer<Buffer> {
  const gathered = Buffer.allocUnsafe(bytes.length)
  let length = 0
  let at = 0
  for (;;) {
    const record = bytes.subarray(at)
    const wrong = wrongRecord(record)
    if (wrong !== undefined) return noMatch(wrong)
    const end = HEADER_BYTES + (record.length < HEADER_BYTES ? 0 : record.readUInt16BE(3))
    length += record.subarray(HEADER_BYTES, end).copy(gathered, length)
    const message = gathered.subarray(0, length)
    const size = sizeOf(message)
    if (length > 0 && message[0] !== type) return noMatch('not a ClientHello')
    if (size > most) return noMatch('hello too long')
    if (length > size) return noMatch('more than a hello in its record')
    if (record.length < end || record.length < HEADER_BYTES) return NEED_MORE
    at += end
    if (length === size) return { kind: 'match', value: message.subarray(MESSAGE_HEADER_BYTES), bytes: at }
  }
}

/** `beginsHandshake` has an answer when it sees so many bytes. */
export const HANDSHAKE_START_BYTES = HEADER_BYTES + 1

/** Whether `bytes` begin with a record that carries a handshake message of this `type`. */
export function beginsHandshake(bytes: Buffer, type: number): Answer<unknown>['kind'] {
  if (wrongRecord(bytes) !== undefined) return 'no-match'
  if (bytes.length < HANDSHAKE_START_BYTES) return 'need-more'
  return bytes[HEADER_BYTES] === type ? 'match' : 'no-match'
}

/** Size of the whole message with its header. While the header is incomplete, the size of the header. */
function sizeOf(message: Buffer): number {
  return message.length < MESSAGE_HEADER_BYTES
    ? MESSAGE_HEADER_BYTES
    : MESSAGE_HEADER_BYTES + message.readUIntBE(1, 3)
}

/** Says what is wrong with a record, as far as its bytes have come. */
function wrongRecord(record: Buffer): string | undefined {
  const [type, major] = record
  if (type !== undefined && type !== HANDSHAKE)
    return (type & 0x80) !== 0 ? 'SSLv2 hello, or not TLS' : 'not TLS'
  if (major !== undefined && major !== MAJOR_VERSION) return 'not TLS'
  if (record.length < HEADER_BYTES) return undefined
  const length = record.readUInt16BE(3)
  return length === 0 || length > MOST_FRAGMENT_BYTES ? 'bad record length' : undefined
}

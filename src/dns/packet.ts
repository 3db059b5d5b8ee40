/**
 * Questions and replies as bytes, by dns-packet. A reply that cannot be read, or that does not answer the question, is
 * undefined. It may come from somebody else than the server, so it proves nothing. Pure.
 */
import {
  type DecodedPacket,
  decode,
  encode,
  type OptAnswer,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet'

export type QuestionType = 'A' | 'AAAA' | 'SRV'

export interface Question {
  /** 0 to 65535, random. */
  readonly id: number
  /** In lower case, without the dot at its end. Servers copy it into their replies. */
  readonly name: string
  readonly type: QuestionType
}

/** A packet of dns-packet, with the fields of the header that its types do not list. */
export type Packet = DecodedPacket & { readonly rcode: string; readonly opcode: string }

/** The largest reply that crosses nearly every network in one piece (DNS Flag Day 2020). */
const UDP_PAYLOAD_BYTES = 1232
const HEADER_BYTES = 12
/** Where the header has the numbers of records. */
const AFTER_QUESTIONS = 6
/** More than the backends of one name. */
export const MOST_RECORDS = 1024
const POINTER = 0xc0
const POINTER_TARGET = 0x3fff
/** A name points to an earlier name, whose first byte is no pointer (RFC 1035 section 4.1.4). */
const MOST_POINTERS_IN_A_ROW = 8
/** Replies with an error may leave the question out. */
const MAY_LACK_QUESTION: ReadonlySet<string> = new Set(['FORMERR', 'NOTIMP'])

const EDNS: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: UDP_PAYLOAD_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
}

/** The bytes of a question. With EDNS(0) the reply may have more than 512 bytes (RFC 6891). */
export function encodeQuestion({ id, name, type }: Question, hasEdns: boolean): Buffer {
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name, type, class: 'IN' }],
    additionals: hasEdns ? [EDNS] : [],
  })
}

/** The reply in these bytes, if it is one to this question. */
export function decodeReply(bytes: Buffer, question: Question): Packet | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt16BE(0) !== question.id) return undefined
  const packet = decodePacket(isTruncated(bytes) ? withoutRecords(bytes) : bytes)
  if (packet === undefined || !packet.flag_qr || packet.opcode !== 'QUERY') return undefined
  const [asked, ...others] = packet.questions ?? []
  if (asked === undefined) return MAY_LACK_QUESTION.has(packet.rcode) ? packet : undefined
  const isSame = asked.name === question.name && asked.type === question.type && asked.class === 'IN'
  return isSame && others.length === 0 ? packet : undefined
}

/** The code of a reply with its upper bits, which are in the OPT record (RFC 6891 section 6.1.3). */
export function codeOf(packet: Packet): string {
  const edns = packet.additionals?.find((record): record is OptAnswer => record.type === 'OPT')
  return edns === undefined || edns.extendedRcode === 0 ? packet.rcode : `EXTENDED_${edns.extendedRcode}`
}

/** The flag TC (RFC 1035 section 4.1.1). */
const isTruncated = (bytes: Buffer): boolean => (bytes.readUInt16BE(2) & TRUNCATED_RESPONSE) !== 0

/** A truncated reply may end within a record, and its records are not used. */
function withoutRecords(bytes: Buffer): Buffer {
  return Buffer.from(bytes).fill(0, AFTER_QUESTIONS, HEADER_BYTES)
}

/** dns-packet throws if a packet is cut or makes no sense. It also reads beyond the end. */
function decodePacket(bytes: Buffer): Packet | undefined {
  if (countRecords(bytes) > MOST_RECORDS || hasPointerChain(bytes)) return undefined
  try {
    const packet = decode(bytes) as Packet
    return decode.bytes > bytes.length ? undefined : packet
  } catch {
    return undefined
  }
}

/** The number of records that the header promises, with the questions. */
const countRecords = (bytes: Buffer): number =>
  [4, 6, 8, 10].reduce((sum, offset) => sum + bytes.readUInt16BE(offset), 0)

/**
 * Whether some bytes are pointers to pointers to pointers, and so on. dns-packet follows thousands of them for each name,
 * and a packet may have a thousand names.
 */
function hasPointerChain(bytes: Buffer): boolean {
  const lengths = new Uint8Array(bytes.length)
  for (let at = HEADER_BYTES; at < bytes.length - 1; at++) {
    const target = bytes.readUInt16BE(at) & POINTER_TARGET
    if ((bytes[at] ?? 0) < POINTER || target >= at) continue
    const length = (lengths[target] ?? 0) + 1
    if (length > MOST_POINTERS_IN_A_ROW) return true
    lengths[at] = length
  }
  return false
}

/** How clients and backends in stories begin Postgres: a start-up in the clear, or a request for TLS. */
import { NAME_BYTES } from './peer.js'

export const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
export const YES = Buffer.from('S')
/** The first byte of a packet's length. It is always 0, because no packet is that long. */
const PACKET_BYTE = 0
const PROTOCOL_3 = 196_608
const HEADER_BYTES = 8
const USER_AT = HEADER_BYTES + 'user\0'.length

/** A start-up packet. Its user is the client's name. */
export function startUp(name: string, database: string): Buffer {
  const body = Buffer.from(`user\0${name}\0database\0${database}\0\0`)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(HEADER_BYTES + body.length)
  header.writeUInt32BE(PROTOCOL_3, 4)
  return Buffer.concat([header, body])
}

export const isStartUp = (bytes: Buffer): boolean => bytes[0] === PACKET_BYTE

/** The name in a start-up packet. Undefined if it has not come yet. */
export const nameInStartUp = (bytes: Buffer): string | undefined =>
  bytes.length < USER_AT + NAME_BYTES ? undefined : bytes.toString('latin1', USER_AT, USER_AT + NAME_BYTES)

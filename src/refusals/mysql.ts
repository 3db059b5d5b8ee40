/**
 * Tells a client no in the protocol of MySQL and MariaDB: an ERR packet instead of the greeting (MySQL internals,
 * "Protocol::ERR_Packet"). The client waits for the greeting, so it need not say anything first. Pure.
 */
import type { Language, Reason } from './refused.js'

const ERR = 0xff
/** The length of three bytes, and the number of the packet: 0, because it is the first one. */
const HEAD_BYTES = 4

/**
 * Error number, SQLSTATE and text. SQLSTATE 08S01 is a broken link: drivers with several hosts try the next one. Numbers from
 * 2000 on belong to clients, which refuse them in a packet.
 */
const ERRORS: Record<Reason, readonly [code: number, state: string, text: string]> = {
  denied: [1130, 'HY000', 'Host is not allowed to connect to this server'],
  unknown: [1130, 'HY000', 'Host is not allowed to connect to this server'],
  'too-many': [1040, '08004', 'Too many connections'],
  unavailable: [1053, '08S01', 'No server is available'],
}

function errPacket(code: number, state: string, text: string): Buffer {
  const body = Buffer.from([ERR, code & 0xff, code >> 8, ...Buffer.from(`#${state}${text}`)])
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUIntLE(body.length, 0, HEAD_BYTES - 1)
  return Buffer.concat([head, body])
}

export const MYSQL: Language = {
  bytes: ({ reason }) => errPacket(...ERRORS[reason]),
  shown: (reason) => {
    const [code, state, text] = ERRORS[reason]
    return `${code} (${state}): ${text}`
  },
}

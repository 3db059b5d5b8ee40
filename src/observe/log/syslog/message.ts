/**
 * A line of the log as a message of syslog (RFC 5424). The line is its text: a JSON object without line break. There is no
 * structured data, because the JSON has every field already. Pure.
 */
import { hostname } from 'node:os'

/** What a message is: the record of a connection, the record of an open one, or any other line. */
export type MessageId = 'connection' | 'open' | 'log'

const SEVERITIES = 8
const VERSION = 1
const NOTHING = '-'
const MOST_HOST_CHARS = 255
const NAME = 'millrace'

/** The text in front of the line. `time` is in ms since 1970. RFC 5424 section 6.2.1 has the numbers. */
export function headerOf(facility: number, severity: number, id: MessageId, time: number): string {
  const priority = facility * SEVERITIES + severity
  return `<${priority}>${VERSION} ${new Date(time).toISOString()} ${HOST} ${NAME} ${process.pid} ${id} ${NOTHING} `
}

/** The first bytes, at most `most` of them, and no part of a character (RFC 5424 section 6.1). */
export function cut(bytes: Buffer, most: number): Buffer {
  if (bytes.length <= most) return bytes
  let end = most
  // A byte of the form 10xxxxxx goes on with a character.
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

/** Only visible ASCII may stand there. */
const HOST =
  hostname()
    .replace(/[^\x21-\x7e]/g, '')
    .slice(0, MOST_HOST_CHARS) || NOTHING

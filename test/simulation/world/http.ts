/** HTTP of the clients and backends in stories: one request, one answer, and a tunnel if the answer accepts an upgrade. */
import { createHash } from 'node:crypto'
import { NAME_BYTES } from './peer.js'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
/** A server's answer to that key (RFC 6455 section 1.3). */
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
const HEAD_END = '\r\n\r\n'
const NAME = new RegExp(`^[A-Z]+ /(\\w{${NAME_BYTES}}) `)
const STATUS = /^HTTP\/1\.1 (\d{3}) /

const headOf = (...lines: readonly string[]): Buffer => Buffer.from(lines.join('\r\n') + HEAD_END)

/** A request to upgrade. Its path is the client's name. */
export const upgradeRequest = (name: string): Buffer =>
  headOf(
    `GET /${name} HTTP/1.1`,
    'Host: a.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
  )

export const plainRequest = (name: string, bodyBytes: number): Buffer =>
  headOf(`POST /${name} HTTP/1.1`, 'Host: a.test', `Content-Length: ${bodyBytes}`)

/** A backend's answer. A body ends with its connection. */
export const answerTo = (head: string): Buffer =>
  head.startsWith('GET ')
    ? headOf(
        'HTTP/1.1 101 Switching Protocols',
        'Connection: Upgrade',
        'Upgrade: websocket',
        `Sec-WebSocket-Accept: ${ACCEPT}`,
      )
    : headOf('HTTP/1.1 200 OK', 'Server: simulated')

/** Where the head at the beginning of `bytes` ends. Undefined if it has not all come. */
export function endOfHead(bytes: Buffer): number | undefined {
  const at = bytes.indexOf(HEAD_END)
  return at < 0 ? undefined : at + HEAD_END.length
}

export const nameInRequest = (head: string): string | undefined => NAME.exec(head)?.[1]

/** Whether the proxy answers by itself, where a backend would not speak HTTP. */
export const isAnswer = (bytes: Buffer): boolean => bytes.toString('latin1', 0, 5) === 'HTTP/'

/** Whether this answer comes from a backend and not from the proxy. */
export const isBackendsAnswer = (head: string): boolean =>
  ['101', '200'].includes(STATUS.exec(head)?.[1] ?? '')

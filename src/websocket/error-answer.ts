/**
 * HTTP responses that millrace gives by itself. Each is the last one on its connection. It must never quote
 * what a client sent. `Date` is the only use of a clock in this room.
 */
import type { Field } from './heads/fields.js'

const PHRASES = {
  301: 'Moved Permanently',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  421: 'Misdirected Request',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
} as const

export type ErrorStatus = keyof typeof PHRASES
/** RFC 9110 section 15.4. With 308 the client keeps its method. */
export type RedirectStatus = 301 | 308

const CLOSE: readonly Field[] = [{ name: 'Connection', value: 'close' }]
/** RFC 9110 section 15.5.22 wants the protocol to upgrade to, and RFC 6455 section 4.4 its version. */
const UPGRADE: readonly Field[] = [
  { name: 'Upgrade', value: 'websocket' },
  { name: 'Connection', value: 'Upgrade, close' },
  { name: 'Sec-WebSocket-Version', value: '13' },
]

/**
 * A whole response with a line of text, and `Connection: close`. `reason` goes into the text, in words of our
 * own. `extraFields` are sent as they are.
 */
export function errorAnswer(status: ErrorStatus, reason = '', extraFields: readonly Field[] = []): Buffer {
  const title = `${status} ${PHRASES[status]}`
  const text = `${title}${reason === '' ? '' : `: ${reason}`}\n`
  const fields = [
    { name: 'Date', value: new Date().toUTCString() },
    { name: 'Content-Type', value: 'text/plain; charset=utf-8' },
    { name: 'Content-Length', value: Buffer.byteLength(text) },
    ...(status === 426 ? UPGRADE : CLOSE),
    ...extraFields,
  ]
  const lines = fields.map(({ name, value }) => `${name}: ${value}\r\n`)
  return Buffer.from(`HTTP/1.1 ${title}\r\n${lines.join('')}\r\n${text}`)
}

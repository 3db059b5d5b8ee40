/** Answers of our own to HTTP clients. Each is the last one on its connection, and says nothing of why. */

const CLOSE = 'Connection: close\r\n'
const FIELDS: ReadonlyMap<number, string> = new Map([
  /** RFC 7617 section 2.1. */
  [407, `Proxy-Authenticate: Basic realm="proxy", charset="UTF-8"\r\n${CLOSE}`],
  /** RFC 9110 section 15.5.22 wants the protocol to upgrade to, and RFC 6455 section 4.4 its version. */
  [426, 'Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n'],
])

export function httpAnswer(status: number): Buffer {
  const { STATUS_CODES } = process.getBuiltinModule('node:http')
  const fields = FIELDS.get(status) ?? CLOSE
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fields}Content-Length: 0\r\n\r\n`)
}

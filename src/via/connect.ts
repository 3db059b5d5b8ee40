/**
 * The request by which HTTP proxies open a tunnel, and their answer (RFC 9110 section 9.3.6). A host name is sent as it
 * is: the proxy resolves it. Pure. The reader keeps nothing between calls. What follows the head of the answer belongs to
 * the tunnel.
 */
import { formatAddress, type TcpAddress } from '../address.js'
import type { Answer } from '../peek/answer.js'
import { isInterim, readResponseHead } from '../websocket/heads/response-head.js'
import type { Credentials } from './forward-proxy.js'

/** With credentials the request has them at once, because not every proxy keeps the connection after a 407. */
export function connectRequest(to: TcpAddress, credentials: Credentials | undefined): Buffer {
  const authority = formatAddress({ ...to, host: to.host.replace(/%.*$/s, '') })
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`]
  if (credentials !== undefined) lines.push(`Proxy-Authorization: Basic ${base64(credentials)}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/**
 * Reads the head of an answer: its status. 2xx: the tunnel is open. 1xx: another answer follows. The head is as strictly
 * read as that of a backend, and may have as many bytes. Fields about a body mean nothing in an answer of 2xx.
 */
export function readConnectAnswer(bytes: Buffer): Answer<number> {
  const answer = readResponseHead(bytes, 'CONNECT')
  if (answer.kind !== 'match') return answer
  return { kind: 'match', value: answer.value.status, bytes: answer.bytes }
}

/** Another answer follows. 101 would be another protocol, and nobody has asked for one. */
export const isInterimAnswer = (status: number): boolean => isInterim(status) && status !== SWITCHING

export const isTunnel = (status: number): boolean => status >= 200 && status < 300

const SWITCHING = 101

/** RFC 7617 section 2. */
const base64 = ({ user, password }: Credentials): string =>
  Buffer.from(`${user}:${password}`).toString('base64')

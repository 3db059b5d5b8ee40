/** The response that sends a client to HTTPS: pure. It quotes only a host and a target that the head was read with strictly. */
import { errorAnswer, type RedirectStatus } from './error-answer.js'
import type { RequestHead } from './heads/request-head.js'

export interface Redirect {
  /** The port of HTTPS. */
  readonly port: number
  readonly status: RedirectStatus
}

const HTTPS_PORT = 443
/** RFC 9112 section 3.2.2: a client may send the whole URL. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i

/** The request names a host. */
export function redirectAnswer(head: RequestHead, { port, status }: Redirect): Buffer {
  return errorAnswer(status, '', [{ name: 'Location', value: locationOf(head, port) }])
}

function locationOf({ host, target }: RequestHead, port: number): string {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const authority = port === HTTPS_PORT ? name : `${name}:${port}`
  const rest = target === '*' ? '' : target.replace(ORIGIN, '')
  return `https://${authority}${rest.startsWith('/') ? '' : '/'}${rest}`
}

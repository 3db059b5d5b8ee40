/**
 * The WebSocket handshake of RFC 6455 section 4: whether a request is an upgrade, and whether a response
 * accepts it. Pure. A tunnel opens only if both are right. Any doubt is a refusal.
 */
import { createHash } from 'node:crypto'
import type { ErrorStatus } from './error-answer.js'
import { type Field, hasToken, tokensOf, valuesOf } from './heads/fields.js'
import type { RequestHead } from './heads/request-head.js'
import { isInterim, type ResponseHead } from './heads/response-head.js'

export type Upgrade =
  | {
      readonly kind: 'websocket'
      /** `Sec-WebSocket-Key` as it was sent. */
      readonly key: string
    }
  /** An ordinary request. millrace does not act on what it names in `Upgrade`. */
  | { readonly kind: 'none' }
  | { readonly kind: 'bad'; readonly status: ErrorStatus; readonly reason: string }

/**
 * `accepted`: what follows is the tunnel. `interim`: pass this head on, and another response follows.
 * `final`: pass it on with its body and close. `bad`: none of it may reach the client, which gets a 502.
 */
export type Acceptance =
  | { readonly kind: 'accepted' | 'interim' | 'final' }
  | { readonly kind: 'bad'; readonly reason: string }

const KEY = /^[A-Za-z0-9+/]{22}==$/
const KEY_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const SWITCHING_PROTOCOLS = 101

/**
 * A request that names WebSocket, and nothing else, in `Upgrade` means an upgrade. It is refused unless it is
 * right in every point. Other protocols (`h2c`, `TLS/1.2`) are offers that need not be taken. In HTTP/1.0
 * every offer must be ignored (RFC 9110 section 7.8). `Connection: upgrade` without `Upgrade` is no upgrade:
 * some proxies always send it.
 */
export function upgradeOf(head: RequestHead): Upgrade {
  if (head.version === '1.0' || !namesWebSocketOnly(head.fields)) return { kind: 'none' }
  const wrong = wrongUpgrade(head)
  if (wrong !== undefined) return { kind: 'bad', status: 400, reason: wrong }
  if (valuesOf(head.fields, 'sec-websocket-version').join() !== '13') {
    return { kind: 'bad', status: 426, reason: 'Sec-WebSocket-Version other than 13' }
  }
  const [key = '', ...more] = valuesOf(head.fields, 'sec-websocket-key')
  if (more.length > 0 || !KEY.test(key)) return { kind: 'bad', status: 400, reason: 'bad Sec-WebSocket-Key' }
  return { kind: 'websocket', key }
}

function wrongUpgrade(head: RequestHead): string | undefined {
  if (!hasToken(head.fields, 'connection', 'upgrade')) return 'Upgrade without Connection: upgrade'
  if (head.method !== 'GET') return 'upgrade of another method than GET'
  return head.bodyKind === 'chunked' || head.contentLength > 0 ? 'upgrade with a body' : undefined
}

/** `key` is that of the upgrade that the response answers. Undefined if the request was an ordinary one. */
export function acceptanceOf(response: ResponseHead, key: string | undefined): Acceptance {
  if (response.status !== SWITCHING_PROTOCOLS)
    return { kind: isInterim(response.status) ? 'interim' : 'final' }
  const wrong = key === undefined ? '101 to no upgrade' : wrongAcceptance(response, key)
  return wrong === undefined ? { kind: 'accepted' } : { kind: 'bad', reason: wrong }
}

/** Says what is wrong with a 101. It has no body, whatever its fields say. */
function wrongAcceptance({ version, fields }: ResponseHead, key: string): string | undefined {
  if (version !== '1.1') return '101 in HTTP/1.0'
  if (!hasToken(fields, 'connection', 'upgrade')) return '101 without Connection: upgrade'
  if (!namesWebSocketOnly(fields)) return '101 to another protocol than websocket'
  const accepts = valuesOf(fields, 'sec-websocket-accept')
  return accepts.length === 1 && accepts[0] === acceptOf(key) ? undefined : 'wrong Sec-WebSocket-Accept'
}

const namesWebSocketOnly = (fields: readonly Field[]): boolean =>
  tokensOf(fields, 'upgrade').join() === 'websocket'

const acceptOf = (key: string): string => createHash('sha1').update(`${key}${KEY_GUID}`).digest('base64')

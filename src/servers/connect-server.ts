/** A forward proxy that speaks HTTP CONNECT (RFC 9110 section 9.3.6), on `node:http`. It serves no other request. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type AskedServer, readHost } from '../cluster/egress/asked-server.js'
import { readForwardOptions } from './arguments.js'
import { Forwarding } from './forwarding.js'
import { httpAnswer } from './http-answer.js'
import type { ForwardServer, ForwardServerOptions } from './options.js'
import { Refused, toRefused } from './outcome.js'
import { serverOf, Visit } from './visit.js'
import { isLimit } from './within.js'

const MOST_HEAD_BYTES = 16 * 1024
/** How often Node looks for requests that are late: at least four times in the time that they have. */
const LOOKS_EVERY_MS = 1000
const LOOKS = 4
const ESTABLISHED = Buffer.from('HTTP/1.1 200 Connection Established\r\n\r\n')
const TARGET = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i

/**
 * Makes a server for HTTP CONNECT, as browsers and curl use it for https. It is a `net.Server`: call `listen` and `close` of Node.
 * Nobody gets anything that `allow` does not allow, and only `{ networks }` lets a client reach addresses that are not public.
 *
 * @throws MillraceError `bad-argument` if `allow` is missing, or an option is unknown or has a wrong value.
 */
export function connectServer(options: ForwardServerOptions): ForwardServer {
  const forwarding = new Forwarding(readForwardOptions('connectServer', options))
  const { requestTimeoutMs } = forwarding.timeouts
  // Node takes whole numbers, and 0 for no limit.
  const limitMs = isLimit(requestTimeoutMs) ? Math.ceil(requestTimeoutMs) : 0
  const settings = {
    maxHeaderSize: MOST_HEAD_BYTES,
    headersTimeout: limitMs,
    requestTimeout: limitMs,
    connectionsCheckingInterval:
      limitMs === 0 ? LOOKS_EVERY_MS : Math.min(LOOKS_EVERY_MS, Math.ceil(limitMs / LOOKS)),
  }
  // Loaded here, because a program that only pipes needs no HTTP.
  const server: Server = process.getBuiltinModule('node:http').createServer(settings)
  server.on('request', (request, response) => refuseMethod(forwarding, request, response))
  server.on('connect', (request, client, head) => void serve(forwarding, request, client, head))
  server.on('clientError', (error, client) => refuseBytes(forwarding, error, client))
  return forwarding.join(server)
}

/** Never rejects. */
async function serve(
  forwarding: Forwarding,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
): Promise<void> {
  const visit = new Visit(forwarding, client)
  try {
    const credentials = readCredentials(request.headers['proxy-authorization'])
    if (credentials !== undefined) await visit.authenticate(credentials)
    else if (forwarding.authenticate !== undefined) throw new Refused('wrong-credentials')
    await visit.reach(readTarget(request.url))
    await visit.serve(ESTABLISHED, head)
  } catch (error) {
    const refused = toRefused(error)
    visit.refuse(refused, httpAnswer(refused.status))
  }
}

function refuseMethod(forwarding: Forwarding, request: IncomingMessage, response: ServerResponse): void {
  const refused = new Refused('not-served', `${request.method} instead of CONNECT`)
  new Visit(forwarding, request.socket).tell(refused)
  response.writeHead(refused.status, { Allow: 'CONNECT', Connection: 'close' }).end('CONNECT only\n')
}

/** A connection that broke, or ended before it sent anything, asked for nothing. */
function refuseBytes(forwarding: Forwarding, error: NodeJS.ErrnoException, client: Duplex): void {
  if (error.code === 'ECONNRESET' || !client.writable) return void client.destroy()
  const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const refused = new Refused(isLate ? 'request-timeout' : 'bad-request', error.code)
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : refused.status
  new Visit(forwarding, client).refuse(refused, httpAnswer(status))
}

/** There is no default port. Throws Refused. */
function readTarget(url = ''): AskedServer {
  const [, ipv6, plain, digits] = TARGET.exec(url) ?? []
  const port = Number(digits)
  return serverOf(readHost(ipv6 ?? plain ?? ''), port)
}

/** User and password of RFC 7617. Undefined: there are none. */
function readCredentials(field: string | undefined): { user: string; password: string } | undefined {
  const [, encoded = ''] = BASIC.exec(field ?? '') ?? []
  const text = Buffer.from(encoded, 'base64').toString()
  const end = text.indexOf(':')
  return end === -1 ? undefined : { user: text.slice(0, end), password: text.slice(end + 1) }
}

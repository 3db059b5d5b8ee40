/** How clients begin: what each kind says first, and from which byte on the proxy passes it on. */
import { encodeProxyHeader } from '../../../src/proxy-protocol/encode.js'
import type { Tlv } from '../../../src/proxy-protocol/header.js'
import { alpn, hello, message, records, serverName } from '../../peek/hello-builder.js'
import { helloOf } from '../../support/hello.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import { plainRequest, upgradeRequest } from './http.js'
import { NAME_BYTES } from './peer.js'
import { startUp, TLS_REQUEST } from './postgres.js'

/** What a client says before its pattern. The part that is passed on contains its name. */
export interface Lead {
  readonly bytes: Buffer
  readonly passedFrom: number
  /** What a PROXY header to the backend must tell. If undefined: the client's own address, no authority, no TLV. */
  readonly claimedHost?: string
  readonly authority?: string | undefined
  readonly tlv?: Tlv
  /** The length of an HTTP head. The proxy reads and counts it, and may pass it on changed. */
  readonly headBytes?: number
  /** The proxy reads an HTTP head, and passes it on with all that follows. It may give an answer of its own. */
  readonly isPassed?: true
  /** The client says nothing after it. */
  readonly isAll?: true
  /** A request that comes first and is answered with one byte. */
  readonly request?: Buffer
}

type LeadOf = (name: string, address: TcpPeer) => Lead

/** Where the session id begins in a ClientHello. */
const SESSION_ID_AT = 44
const SESSION_ID_BYTES = 32
export const HELLO_BYTE = 22
export const SESSION_NAME_END = SESSION_ID_AT + NAME_BYTES
/** Short enough that a ClientHello takes several records. Long enough that the first one has the whole name. */
const SHORT_RECORD_BYTES = 60
const SERVER_HELLO = 2
/** The body of a request. */
const BODY = Buffer.alloc(3000, 'body')
const CLAIMED_HOST = '198.51.100.1'
/** A TLV type that is free for private use. */
const OWN_TLV = 0xe0
/** A PROXY header of version 2 with the command LOCAL: the sender speaks for itself. */
const LOCAL_HEADER = Buffer.from('\r\n\r\n\0\r\nQUIT\n\x20\0\0\0', 'latin1')
/** Where the client's address begins in a PROXY header of version 2. The checksum covers it. */
const CLAIMED_AT = 16

/** The name in the stream of a TLS client. */
export const nameInHello = (bytes: Buffer): string =>
  bytes.toString('latin1', SESSION_ID_AT, SESSION_NAME_END)

const passed = (bytes: Buffer): Lead => ({ bytes, passedFrom: 0 })
const behind = (header: Buffer, { bytes }: Lead): Lead => ({
  bytes: Buffer.concat([header, bytes]),
  passedFrom: header.length,
})
const sessionId = (name: string): Buffer => Buffer.alloc(SESSION_ID_BYTES, name)
const plain: LeadOf = (name) => passed(Buffer.from(name))
const asking =
  (authority: string | undefined, ...protocols: readonly string[]): LeadOf =>
  (name) => {
    const extensions = [
      ...(protocols.length > 0 ? [alpn(...protocols)] : []),
      ...(authority === undefined ? [] : [serverName(authority)]),
    ]
    return { ...passed(hello({ sessionId: sessionId(name), extensions })), authority }
  }

/** Puts `inner` behind a PROXY header with another address, and in version 2 with an authority and a TLV. */
const claiming =
  (version: 1 | 2, inner: LeadOf, authority?: string): LeadOf =>
  (name, address) => {
    const lead = inner(name, address)
    const tlv = { type: OWN_TLV, value: Buffer.from(name) }
    const header = encodeProxyHeader(version, {
      source: { kind: 'tcp', host: CLAIMED_HOST, port: address.port },
      destination: { kind: 'tcp', host: '10.9.9.9', port: 1002 },
      ...(authority !== undefined && { authority }),
      others: [tlv],
    })
    return {
      ...behind(header, lead),
      claimedHost: CLAIMED_HOST,
      authority: lead.authority ?? authority,
      ...(version === 2 && { tlv }),
    }
  }

/** A ClientHello of Node's. Its keys differ in each run, but not in their length. */
const NODES_HELLO = await helloOf({ servername: 'b.test', ALPNProtocols: ['h2', 'http/1.1'] })

const LEADS = {
  plain,
  'proxy-v1': claiming(1, plain),
  'proxy-v2': claiming(2, plain, 'told.test'),
  'proxy-v2-local': (name, address) => behind(LOCAL_HEADER, plain(name, address)),
  'proxy-v1-hello-a': claiming(1, asking('a.test')),
  'proxy-v2-hello-b': claiming(2, asking('b.test', 'h2'), 'told.test'),
  'bad-proxy-v1': (name) => passed(Buffer.from(`PROXY TCP4 nowhere ${name}\r\n`)),
  'bad-proxy-v2': (name, address) => {
    const { bytes } = claiming(2, plain)(name, address)
    bytes[CLAIMED_AT]! ^= 1
    return passed(bytes)
  },
  'hello-a': asking('a.test'),
  'hello-b': asking('b.test', 'http/1.1'),
  'hello-nobody': asking('nobody.test'),
  'hello-nameless': asking(undefined),
  'hello-h2': asking(undefined, 'http/1.1', 'h2'),
  'hello-in-records': (name) => {
    const extensions = [alpn('http/1.1'), serverName('a.test')]
    const bytes = records(message({ sessionId: sessionId(name), extensions }), SHORT_RECORD_BYTES)
    return { ...passed(bytes), authority: 'a.test' }
  },
  'hello-of-node': (name) => {
    const bytes = Buffer.from(NODES_HELLO)
    sessionId(name).copy(bytes, SESSION_ID_AT)
    return { ...passed(bytes), authority: 'b.test' }
  },
  upgrade: (name) => {
    const bytes = upgradeRequest(name)
    return { bytes, passedFrom: bytes.length, headBytes: bytes.length }
  },
  request: (name) => {
    const head = plainRequest(name, BODY.length)
    const { length: headBytes } = head
    return { bytes: Buffer.concat([head, BODY]), passedFrom: headBytes, headBytes, isAll: true }
  },
  'passed-request': (name) => ({ ...passed(plainRequest(name, BODY.length)), isPassed: true }),
  'bad-request': (name) => ({ bytes: Buffer.from(`GET ${name} HTTP/1.1\r\n`), passedFrom: 0, headBytes: 0 }),
  'start-up': (name) => passed(startUp(name, 'orders')),
  'start-up-of-nobody': (name) => passed(startUp(name, 'nobody')),
  'tls-at-once': asking('a.test', 'postgresql'),
  'tls-asked': (name, address) => {
    const lead = asking('a.test')(name, address)
    return { ...behind(TLS_REQUEST, lead), request: TLS_REQUEST }
  },
  'bad-hello': (name) => passed(records(message({ type: SERVER_HELLO, sessionId: sessionId(name) }))),
} as const satisfies Record<string, LeadOf>

export type Opening = keyof typeof LEADS

export const leadOf = (opening: Opening, name: string, address: TcpPeer): Lead =>
  LEADS[opening](name, address)

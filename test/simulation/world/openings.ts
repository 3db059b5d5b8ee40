/** How clients begin: what each says first, from which byte on that is passed on, and where it leads them. */
import { alpn, hello, message, records, serverName } from '../../peek/hello-builder.js'
import { helloOf } from '../../support/hello.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import { NAME_BYTES } from './peer.js'
import type { ClusterName, ListenerName } from './setting.js'

/** What a client says before its pattern. Its name is in what is passed on. */
interface Lead {
  readonly bytes: Buffer
  readonly passedFrom: number
}

type LeadOf = (name: string, address: TcpPeer) => Lead

/** Where in a ClientHello the session id begins. */
const SESSION_ID_AT = 44
const SESSION_ID_BYTES = 32
export const HELLO_BYTE = 22
export const SESSION_NAME_END = SESSION_ID_AT + NAME_BYTES
/** So short that a hello takes several, and so long that the name is in the first one. */
const SHORT_RECORD_BYTES = 60
const SERVER_HELLO = 2

/** The name in the stream of a TLS client. */
export const nameInHello = (bytes: Buffer): string =>
  bytes.toString('latin1', SESSION_ID_AT, SESSION_NAME_END)

const passed = (bytes: Buffer): Lead => ({ bytes, passedFrom: 0 })
const sessionId = (name: string): Buffer => Buffer.alloc(SESSION_ID_BYTES, name)
const plain: LeadOf = (name) => passed(Buffer.from(name))
const asking =
  (...extensions: readonly Buffer[]): LeadOf =>
  (name) =>
    passed(hello({ sessionId: sessionId(name), extensions }))

/** Its keys are other ones in each run, and as long. */
const NODES_HELLO = await helloOf({ servername: 'b.test', ALPNProtocols: ['h2', 'http/1.1'] })

const LEADS = {
  plain,
  'proxy-header': (name, { port }) => {
    const header = Buffer.from(`PROXY TCP4 198.51.100.1 10.9.9.9 ${port} 1002\r\n`)
    return { bytes: Buffer.concat([header, plain(name, { host: '', port }).bytes]), passedFrom: header.length }
  },
  'bad-proxy-header': (name) => passed(Buffer.from(`PROXY TCP4 nowhere ${name}\r\n`)),
  'hello-a': asking(serverName('a.test')),
  'hello-b': asking(alpn('http/1.1'), serverName('b.test')),
  'hello-nobody': asking(serverName('nobody.test')),
  'hello-nameless': asking(),
  'hello-h2': asking(alpn('http/1.1', 'h2')),
  'hello-in-records': (name) => {
    const extensions = [alpn('http/1.1'), serverName('a.test')]
    return passed(records(message({ sessionId: sessionId(name), extensions }), SHORT_RECORD_BYTES))
  },
  'hello-of-node': (name) => {
    const bytes = Buffer.from(NODES_HELLO)
    sessionId(name).copy(bytes, SESSION_ID_AT)
    return passed(bytes)
  },
  'bad-hello': (name) => passed(records(message({ type: SERVER_HELLO, sessionId: sessionId(name) }))),
} as const satisfies Record<string, LeadOf>

export type Opening = keyof typeof LEADS

export const leadOf = (opening: Opening, name: string, address: TcpPeer): Lead =>
  LEADS[opening](name, address)

/** A way to come: to which listener, how often, and to which cluster it leads, or for which cause it is turned away. */
export interface Call {
  readonly listener: ListenerName
  readonly opening: Opening
  readonly leadsTo: ClusterName | 'proxy-header' | 'bad-hello' | 'no-sni' | 'no-route'
  readonly weight: number
}

export const CALLS: readonly Call[] = [
  { listener: 'plain', opening: 'plain', leadsTo: 'main', weight: 12 },
  { listener: 'telling', opening: 'plain', leadsTo: 'told', weight: 4 },
  { listener: 'proxied', opening: 'proxy-header', leadsTo: 'main', weight: 2 },
  { listener: 'proxied', opening: 'bad-proxy-header', leadsTo: 'proxy-header', weight: 1 },
  { listener: 'proxied', opening: 'plain', leadsTo: 'proxy-header', weight: 1 },
  { listener: 'named', opening: 'hello-a', leadsTo: 'main', weight: 1 },
  { listener: 'named', opening: 'hello-b', leadsTo: 'told', weight: 1 },
  { listener: 'named', opening: 'hello-h2', leadsTo: 'main', weight: 1 },
  { listener: 'named', opening: 'hello-in-records', leadsTo: 'main', weight: 1 },
  { listener: 'named', opening: 'hello-of-node', leadsTo: 'told', weight: 1 },
  { listener: 'named', opening: 'hello-nobody', leadsTo: 'no-route', weight: 0.5 },
  { listener: 'named', opening: 'hello-nameless', leadsTo: 'no-route', weight: 0.5 },
  { listener: 'named', opening: 'plain', leadsTo: 'bad-hello', weight: 0.5 },
  { listener: 'named', opening: 'bad-hello', leadsTo: 'bad-hello', weight: 0.5 },
  { listener: 'lenient', opening: 'hello-nobody', leadsTo: 'main', weight: 1 },
  { listener: 'lenient', opening: 'hello-nameless', leadsTo: 'no-sni', weight: 0.5 },
  { listener: 'lenient', opening: 'bad-hello', leadsTo: 'told', weight: 1 },
  { listener: 'lenient', opening: 'plain', leadsTo: 'told', weight: 1 },
]

export const callOf = (listener: ListenerName, opening: Opening): Call =>
  CALLS.find((call) => call.listener === listener && call.opening === opening)!

/** A client, what it asks for, and what the proxy was told of it. */
import { hello, serverName } from '../../peek/hello-builder.js'
import type { FarEnd } from '../kernel/machine.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import { NAME_BYTES, Peer } from './peer.js'
import { Violation } from './violation.js'

/** How clients begin. */
export type Opening =
  | 'plain'
  | 'proxy-header'
  | 'bad-proxy-header'
  | 'hello-a'
  | 'hello-b'
  | 'hello-nobody'
  | 'no-hello'

/** Where in a ClientHello of hello-builder.ts the session id begins. */
const SESSION_ID_AT = 44
export const HELLO_BYTE = 22
export const SESSION_NAME_END = SESSION_ID_AT + NAME_BYTES

/** The name in the stream of a TLS client. */
export const nameInHello = (bytes: Buffer): string =>
  bytes.toString('latin1', SESSION_ID_AT, SESSION_NAME_END)

export class Client extends Peer {
  readonly number: number
  readonly opening: Opening
  readonly address: TcpPeer
  /** The time at which the proxy could have read all that it needs to choose; undefined where it never could. */
  leadArrivedAt: number | undefined
  readonly #serverSides: ReadonlyMap<string, Peer>

  constructor(
    number: number,
    opening: Opening,
    address: TcpPeer,
    far: FarEnd,
    isSlow: boolean,
    serverSides: ReadonlyMap<string, Peer>,
  ) {
    const name = `c${String(number).padStart(NAME_BYTES - 1, '0')}`
    const { lead, passedFrom } = leadOf(opening, name, address)
    super(name, 2 * number + 1, far, lead, passedFrom, isSlow)
    this.number = number
    this.opening = opening
    this.address = address
    this.#serverSides = serverSides
  }

  /** As records call it. */
  get label(): string {
    return this.opening === 'proxy-header'
      ? `198.51.100.1:${this.address.port}`
      : `${this.address.host}:${this.address.port}`
  }

  protected override recognise(bytes: Buffer): { peer: Peer; at: number } | undefined {
    if (bytes.length < NAME_BYTES) return undefined
    const name = bytes.toString('latin1', 0, NAME_BYTES)
    const peer = this.#serverSides.get(name)
    if (peer === undefined) throw new Violation('every byte once and in order', `${this.name} hears ${name}`)
    return { peer, at: 0 }
  }
}

function leadOf(opening: Opening, name: string, { port }: TcpPeer): { lead: Buffer; passedFrom: number } {
  const plain = Buffer.from(name)
  if (opening === 'plain' || opening === 'no-hello') return { lead: plain, passedFrom: 0 }
  if (opening === 'proxy-header') {
    const header = Buffer.from(`PROXY TCP4 198.51.100.1 10.9.9.9 ${port} 1002\r\n`)
    return { lead: Buffer.concat([header, plain]), passedFrom: header.length }
  }
  if (opening === 'bad-proxy-header')
    return { lead: Buffer.from(`PROXY TCP4 nowhere ${name}\r\n`), passedFrom: 0 }
  const sni = { 'hello-a': 'a.test', 'hello-b': 'b.test', 'hello-nobody': 'nobody.test' }[opening]
  const sessionId = Buffer.alloc(32, name)
  return { lead: hello({ sessionId, extensions: [serverName(sni)] }), passedFrom: 0 }
}

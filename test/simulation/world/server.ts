/** A backend: how it answers connects, and its end of each connection it has accepted. */
import { formatAddress } from '../../../src/address.js'
import { decodeProxyHeader } from '../../../src/proxy-protocol/decode.js'
import type { ProxyHeader, Tlv } from '../../../src/proxy-protocol/header.js'
import * as e from '../kernel/errnos.js'
import type { FarEnd, Server } from '../kernel/machine.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import type { Random } from '../random.js'
import type { ClusterName } from './calls.js'
import type { Client } from './client.js'
import { answerTo, endOfHead, nameInRequest } from './http.js'
import { HELLO_BYTE, nameInHello, SESSION_NAME_END } from './openings.js'
import { NAME_BYTES, Peer } from './peer.js'
import { isStartUp, nameInStartUp, TLS_REQUEST, YES } from './postgres.js'
import { Violation } from './violation.js'

export type Behaviour =
  | 'accepts'
  | 'refuses'
  | 'is silent'
  | 'is unreachable'
  | 'has no port for us'
  | 'resets'

export class ServerSide extends Peer {
  readonly server: BackendServer
  readonly #clients: ReadonlyMap<string, Client>

  constructor(number: number, server: BackendServer, far: FarEnd, clients: ReadonlyMap<string, Client>) {
    const name = `b${String(number).padStart(NAME_BYTES - 1, '0')}`
    const isAsked = speaksHttp(server) || server.cluster === 'database'
    super(name, 2 * number + 2, far, isAsked ? Buffer.alloc(0) : Buffer.from(name), 0)
    this.server = server
    this.#clients = clients
  }

  /** A backend that is asked something first may say more only after its answer. */
  protected override get maySay(): boolean {
    return this.lead.length > YES.length
  }

  protected override recognise(bytes: Buffer): { peer: Peer; at: number } | undefined {
    if (speaksHttp(this.server)) return this.#recogniseRequest(bytes)
    if (this.server.cluster === 'database') return this.#recogniseTls(bytes)
    const header = this.server.cluster === 'told' ? readHeader(this.name, bytes) : undefined
    if (header === 'need-more') return undefined
    const at = header?.bytes ?? 0
    const stream = bytes.subarray(at)
    const name = nameIn(stream)
    if (name === undefined) return undefined
    const peer = this.#clients.get(name)
    if (peer === undefined) {
      throw new Violation(
        'every byte once and in order',
        `${this.name} hears ${JSON.stringify(stream.toString('latin1', 0, 60))}`,
      )
    }
    if (header !== undefined) checkHeader(this.name, header.value, peer)
    return { peer, at }
  }

  /** The backend gets a request for TLS, says yes, and then gets the client's own TLS. */
  #recogniseTls(bytes: Buffer): { peer: Peer; at: number } | undefined {
    const at = TLS_REQUEST.length
    if (bytes.length < at) return undefined
    if (this.lead.length === 0) {
      if (!bytes.equals(TLS_REQUEST)) throw new Violation('a request is sent alone', `${this.name}: ${bytes}`)
      this.begin(YES, YES.length)
    }
    const name = nameIn(bytes.subarray(at))
    const peer = name === undefined ? undefined : this.#clients.get(name)
    if (peer === undefined) return undefined
    this.begin(Buffer.concat([YES, Buffer.from(this.name)]), YES.length)
    return { peer, at }
  }

  /** The backend recognises a request and answers it. */
  #recogniseRequest(bytes: Buffer): { peer: Peer; at: number } | undefined {
    const at = endOfHead(bytes)
    if (at === undefined) return undefined
    const head = bytes.toString('latin1', 0, at)
    const peer = this.#clients.get(nameInRequest(head) ?? '')
    if (peer === undefined) throw new Violation('every byte once and in order', `${this.name} hears ${head}`)
    if (peer.beginsWith.isAll !== true && bytes.length > at)
      throw new Violation('nothing before the upgrade is accepted', `${this.name} hears ${bytes.length - at}`)
    const answer = answerTo(head)
    if (this.lead.length === 0) this.begin(Buffer.concat([answer, Buffer.from(this.name)]), answer.length)
    return { peer, at }
  }
}

/** A request that passes through is a POST. */
const REQUEST_BYTE = 'P'.charCodeAt(0)

/** The name in a client's stream. Undefined if it has not come yet. */
function nameIn(stream: Buffer): string | undefined {
  if (isStartUp(stream)) return nameInStartUp(stream)
  if (stream[0] === REQUEST_BYTE) return nameInRequest(stream.toString('latin1'))
  const isHello = stream[0] === HELLO_BYTE
  if (stream.length < (isHello ? SESSION_NAME_END : NAME_BYTES)) return undefined
  return isHello ? nameInHello(stream) : stream.toString('latin1', 0, NAME_BYTES)
}

const speaksHttp = ({ cluster }: BackendServer): boolean => cluster === 'web' || cluster === 'forwarded'

/** What a server needs of its world. */
export interface ServerHost {
  random(): Random
  accept(server: BackendServer, far: FarEnd): ServerSide
  /** A connect to the server begins. */
  dialled?(server: BackendServer): void
}

export class BackendServer implements Server {
  readonly address: TcpPeer
  readonly cluster: ClusterName
  behaviour: Behaviour = 'accepts'
  /** All behaviours the backend ever had. */
  readonly history = new Set<Behaviour>(['accepts'])
  readonly #host: ServerHost

  constructor(address: TcpPeer, cluster: ClusterName, host: ServerHost) {
    this.address = address
    this.cluster = cluster
    this.#host = host
  }

  turn(behaviour: Behaviour): void {
    this.behaviour = behaviour
    this.history.add(behaviour)
  }

  refuseAtOnce(): number {
    this.#host.dialled?.(this)
    return this.behaviour === 'has no port for us' ? -e.EADDRNOTAVAIL : 0
  }

  answer(): number | undefined {
    if (this.behaviour === 'is silent') return undefined
    if (this.behaviour === 'refuses') return e.ECONNREFUSED
    return this.behaviour === 'is unreachable' ? e.EHOSTUNREACH : 0
  }

  accepted(far: FarEnd): void {
    const side = this.#host.accept(this, far)
    if (this.behaviour === 'resets') side.reset(this.#host.random())
  }
}

/** Reads the PROXY header that the proxy sends first. */
function readHeader(name: string, bytes: Buffer): { value: ProxyHeader; bytes: number } | 'need-more' {
  const answer = decodeProxyHeader(bytes)
  if (answer.kind === 'no-match') {
    throw new Violation('a PROXY header comes first', `${name}: ${answer.reason}`)
  }
  return answer.kind === 'match' ? answer : 'need-more'
}

/** Checks what the header tells of the client. Version 1 tells only the address. */
function checkHeader(name: string, header: ProxyHeader, { label, beginsWith }: Client): void {
  const { version, source, authority, tlvs } = header
  const isOwn = ({ type }: Tlv): boolean => type === beginsWith.tlv?.type
  const told = [source && formatAddress(source), authority, tlvs.find(isOwn)?.value.toString()]
  const wanted = [label, beginsWith.authority, beginsWith.tlv?.value.toString()]
  const most = version === 1 ? 1 : wanted.length
  if (wanted.slice(0, most).every((each, at) => each === told[at])) return
  throw new Violation('a PROXY header tells who the client is', `${name} is told ${told} of ${wanted}`)
}

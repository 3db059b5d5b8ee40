/** A backend: how it answers connects, and its end of each connection that it has accepted. */
import { formatAddress } from '../../../src/address.js'
import { decodeProxyHeader } from '../../../src/proxy-protocol/decode.js'
import type { ProxyHeader, Tlv } from '../../../src/proxy-protocol/header.js'
import * as e from '../kernel/errnos.js'
import type { FarEnd, Server } from '../kernel/machine.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import type { Random } from '../random.js'
import type { Client } from './client.js'
import { HELLO_BYTE, nameInHello, SESSION_NAME_END } from './openings.js'
import { NAME_BYTES, Peer } from './peer.js'
import type { ClusterName } from './setting.js'
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
    super(name, 2 * number + 2, far, Buffer.from(name), 0)
    this.server = server
    this.#clients = clients
  }

  protected override recognise(bytes: Buffer): { peer: Peer; at: number } | undefined {
    const header = this.server.cluster === 'told' ? readHeader(this.name, bytes) : undefined
    if (header === 'need-more') return undefined
    const at = header?.bytes ?? 0
    const stream = bytes.subarray(at)
    const isHello = stream[0] === HELLO_BYTE
    if (stream.length < (isHello ? SESSION_NAME_END : NAME_BYTES)) return undefined
    const peer = this.#clients.get(isHello ? nameInHello(stream) : stream.toString('latin1', 0, NAME_BYTES))
    if (peer === undefined) {
      throw new Violation(
        'every byte once and in order',
        `${this.name} hears ${JSON.stringify(stream.toString('latin1', 0, 60))}`,
      )
    }
    if (header !== undefined) checkHeader(this.name, header.value, peer)
    return { peer, at }
  }
}

export class BackendServer implements Server {
  readonly address: TcpPeer
  readonly cluster: ClusterName
  behaviour: Behaviour = 'accepts'
  /** All that it ever did. */
  readonly history = new Set<Behaviour>(['accepts'])
  readonly #accept: (server: BackendServer, far: FarEnd) => ServerSide
  readonly #random: () => Random

  constructor(
    address: TcpPeer,
    cluster: ClusterName,
    random: () => Random,
    accept: (server: BackendServer, far: FarEnd) => ServerSide,
  ) {
    this.address = address
    this.cluster = cluster
    this.#random = random
    this.#accept = accept
  }

  turn(behaviour: Behaviour): void {
    this.behaviour = behaviour
    this.history.add(behaviour)
  }

  refuseAtOnce(): number {
    return this.behaviour === 'has no port for us' ? -e.EADDRNOTAVAIL : 0
  }

  answer(): number | undefined {
    if (this.behaviour === 'is silent') return undefined
    if (this.behaviour === 'refuses') return e.ECONNREFUSED
    return this.behaviour === 'is unreachable' ? e.EHOSTUNREACH : 0
  }

  accepted(far: FarEnd): void {
    const side = this.#accept(this, far)
    if (this.behaviour === 'resets') side.reset(this.#random())
  }
}

/** What its cluster says first. */
function readHeader(name: string, bytes: Buffer): { value: ProxyHeader; bytes: number } | 'need-more' {
  const answer = decodeProxyHeader(bytes)
  if (answer.kind === 'no-match') {
    throw new Violation('a PROXY header comes first', `${name}: ${answer.reason}`)
  }
  return answer.kind === 'match' ? answer : 'need-more'
}

/** Version 1 tells no more than the address. */
function checkHeader(name: string, header: ProxyHeader, { label, beginsWith }: Client): void {
  const { version, source, authority, tlvs } = header
  const isOwn = ({ type }: Tlv): boolean => type === beginsWith.tlv?.type
  const told = [source && formatAddress(source), authority, tlvs.find(isOwn)?.value.toString()]
  const wanted = [label, beginsWith.authority, beginsWith.tlv?.value.toString()]
  const most = version === 1 ? 1 : wanted.length
  if (wanted.slice(0, most).every((each, at) => each === told[at])) return
  throw new Violation('a PROXY header tells who the client is', `${name} is told ${told} of ${wanted}`)
}

/** A client, what it asks for, and what the proxy was told of it. */
import type { FarEnd } from '../kernel/machine.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import type { Call } from './calls.js'
import { type Lead, leadOf } from './openings.js'
import { type Beginning, NAME_BYTES, Peer } from './peer.js'
import { Violation } from './violation.js'

export class Client extends Peer {
  readonly number: number
  readonly beginsWith: Lead
  readonly leadsTo: Call['leadsTo']
  /** Of a unix client: no more than a name for it. */
  readonly address: TcpPeer
  /** The time at which the proxy could have read all that it needs to choose; undefined where it never could. */
  leadArrivedAt: number | undefined
  readonly #serverSides: ReadonlyMap<string, Peer>

  constructor(
    number: number,
    { opening, leadsTo }: Call,
    address: TcpPeer,
    far: FarEnd,
    beginning: Beginning,
    serverSides: ReadonlyMap<string, Peer>,
  ) {
    const name = `c${String(number).padStart(NAME_BYTES - 1, '0')}`
    const lead = leadOf(opening, name, address)
    super(name, 2 * number + 1, far, lead.bytes, lead.passedFrom, beginning)
    this.number = number
    this.beginsWith = lead
    this.leadsTo = leadsTo
    this.address = address
    this.#serverSides = serverSides
  }

  /** As records and PROXY headers call it. */
  get label(): string {
    return `${this.beginsWith.claimedHost ?? this.address.host}:${this.address.port}`
  }

  protected override recognise(bytes: Buffer): { peer: Peer; at: number } | undefined {
    if (bytes.length < NAME_BYTES) return undefined
    const name = bytes.toString('latin1', 0, NAME_BYTES)
    const peer = this.#serverSides.get(name)
    if (peer === undefined) throw new Violation('every byte once and in order', `${this.name} hears ${name}`)
    return { peer, at: 0 }
  }
}

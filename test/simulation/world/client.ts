/** A client, what it asks for, and what a header tells the proxy of it. */
import { BY_FIRST_BYTES, BY_NAME } from '../../../src/refusals/languages.js'
import { REASONS } from '../../../src/refusals/refused.js'
import type { FarEnd } from '../kernel/machine.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import type { Call } from './calls.js'
import { endOfHead, isAnswer, isBackendsAnswer } from './http.js'
import { type Lead, leadOf } from './openings.js'
import { type Beginning, NAME_BYTES, Peer } from './peer.js'
import { YES } from './postgres.js'
import { Violation } from './violation.js'

export class Client extends Peer {
  readonly number: number
  readonly beginsWith: Lead
  readonly leadsTo: Call['leadsTo']
  /** A unix client has no address. There this is only a name for it. */
  readonly address: TcpPeer
  /** When the proxy could first read all it needs to choose a cluster. Undefined if it never could. */
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
    super(name, 2 * number + 1, far, lead.request ?? lead.bytes, lead.passedFrom, beginning)
    this.number = number
    this.beginsWith = lead
    this.leadsTo = leadsTo
    this.address = address
    this.#serverSides = serverSides
  }

  /** The client's address in records and PROXY headers. */
  get label(): string {
    return `${this.beginsWith.claimedHost ?? this.address.host}:${this.address.port}`
  }

  override get isEndPassedOn(): boolean {
    return this.beginsWith.isAll !== true
  }

  protected override get maySay(): boolean {
    return this.beginsWith.isAll !== true && this.#isAnswered
  }

  /** Whether the client's first question was answered. */
  get #isAnswered(): boolean {
    return this.lead.length === this.beginsWith.bytes.length
  }

  override get isLeadArrived(): boolean {
    return this.#isAnswered && super.isLeadArrived
  }

  protected override recognise(bytes: Buffer): { peer: Peer; at: number } | undefined {
    const { headBytes, request, isPassed } = this.beginsWith
    if ((isPassed && isAnswer(bytes)) || isRefusal(bytes)) return undefined
    if (request !== undefined && !this.#isAnswered) this.#goOnAfter(bytes)
    const at = headBytes === undefined ? (request === undefined ? 0 : YES.length) : endOfAnswer(bytes)
    if (at === undefined || bytes.length < at + NAME_BYTES) return undefined
    const name = bytes.toString('latin1', at, at + NAME_BYTES)
    const peer = this.#serverSides.get(name)
    if (peer === undefined) throw new Violation('every byte once and in order', `${this.name} hears ${name}`)
    return { peer, at }
  }

  #goOnAfter(answer: Buffer): void {
    if (answer.length === 0) return
    if (!answer.equals(YES))
      throw new Violation('a request is answered alone', `${this.name} hears ${answer}`)
    const { bytes, passedFrom } = this.beginsWith
    this.begin(bytes, passedFrom)
  }
}

const REFUSALS = [...Object.values(BY_FIRST_BYTES), ...Object.values(BY_NAME)].flatMap((language) =>
  REASONS.map((reason) => language.bytes({ reason, status: 503, retryAfterSeconds: 1 })),
)

/** Whether the proxy tells the client no, in another way than HTTP. */
const isRefusal = (bytes: Buffer): boolean =>
  bytes.length > 0 && REFUSALS.some((refusal) => refusal.subarray(0, bytes.length).equals(bytes))

/** Where a backend's answer ends. Undefined if it has not all come, or if it is the proxy's own answer. */
function endOfAnswer(bytes: Buffer): number | undefined {
  const end = endOfHead(bytes)
  return end !== undefined && isBackendsAnswer(bytes.toString('latin1', 0, end)) ? end : undefined
}

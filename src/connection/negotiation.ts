/**
 * What happens before the pipe of a connection that is not simply joined. It asks the client who it is and
 * what it wants, tells the backend, and hands both over when they agree. It owns the dialogues and what was
 * learnt for the record. After the hand-over it keeps only the latter, because a tunnel may last for days.
 */
import type { Address, PeerAddress } from '../address.js'
import type { Dialled } from '../cluster/dial.js'
import type { PlaceOfBackend } from '../cluster/dial-at.js'
import { Dialogue, type DialogueOver } from '../io/dialogue.js'
import type { Engine } from '../io/engine.js'
import type { Socket } from '../io/socket.js'
import { asAlike } from '../io/streams/as-stream.js'
import type { OpeningCause } from '../observe/endings.js'
import type { OpeningFacts, RecordEnding } from '../observe/records/record.js'
import type { OrderedCause } from '../pipe/options.js'
import type { Watch } from '../pipe/watched-carrier.js'
import { type Sessions, sessionOf } from '../postgres/sessions.js'
import type { TlsFacts } from '../route/visitor.js'
import type { Originations } from '../tls/originations.js'
import type { ErrorStatus } from '../websocket/error-answer.js'
import { sendPreamble } from './backend/backend-preamble.js'
import { findSession, passCancelOn, type Session, watchForKey } from './backend/cancel-request.js'
import { Exchange, type Moved } from './backend/exchange.js'
import type { Decision } from './decision/read-decision.js'
import { destinationOf } from './destinations.js'
import type { Ends, RoundTrips } from './ends.js'
import { lastWordFor } from './last-word.js'
import type { ListenerPolicy } from './listener-policy.js'
import type { Choice } from './opening/choice.js'
import { type FirstRequest, takeRequest } from './opening/first-request.js'
import { requestFor } from './opening/forwarding.js'
import { type CancelRequest, KnownClient } from './opening/known-client.js'
import { chooseCluster, learnServerName } from './opening/opening.js'
import { openingFacts } from './opening/opening-facts.js'
import { endingOf, Refusal, refuse } from './refusal.js'
import type { Destination, Service } from './service.js'
import { stateOf, type TellOrder, tellNo } from './tell-no.js'

/** What a negotiation needs from the proxy. */
export interface NegotiationHost {
  readonly engine: Engine
  /** The Postgres sessions that can be cancelled. */
  readonly sessions: Sessions<Session>
  /** TLS towards backends that are in no config. */
  readonly originations: Originations
  nextId(): string
}

/** The connection that a negotiation belongs to. */
export interface NegotiationOwner {
  readonly peer: PeerAddress
  /** The client is known, and is not the peer. Why it may not come in. Undefined: it may. */
  admit(client: Address): OpeningCause | undefined
}

const NOTHING: Moved = { bytesUp: 0, bytesDown: 0 }

export class Negotiation {
  /** How far it has come. Its connection sets it. */
  phase: 'opening' | 'connect' | 'response' = 'opening'
  /** Why it was told to end. Undefined if it was not. */
  orderedEnd: OrderedCause | undefined
  cluster: string | undefined
  /** What a route function has decided about it. Undefined: nothing but its cluster, or none was asked. */
  decision: Decision | undefined
  /** The only address that the client may be sent to. Undefined if any backend of its cluster will do. */
  at: PlaceOfBackend | undefined
  backend: Dialogue | undefined
  /** From accept to the dial, in whole µs. Undefined if no backend was dialled. */
  waitMicros: number | undefined
  /** Set if the ends are closed before their record is made. Otherwise they can still be asked. */
  roundTrips: RoundTrips | undefined
  /** Bytes of heads and bodies that did not go through a pipe. */
  moved: Moved = NOTHING
  #client: KnownClient | undefined
  #named: Address | undefined
  #learnt: OpeningFacts | undefined
  #exchange: Exchange | undefined
  readonly #host: NegotiationHost
  readonly #service: Service
  /** The id in the record. Backends are told it, too. */
  readonly id: string
  #backendTls: TlsFacts | undefined
  /** The request head for the backend, until it is sent. Undefined if the request passes through. */
  #requestHead: Buffer | undefined
  /** The key of its Postgres session, once it can be cancelled. */
  session: string | undefined
  /** Makes `sessions` forget the session of this connection. */
  #forget: (() => void) | undefined

  constructor(
    host: NegotiationHost,
    service: Service,
    policy: ListenerPolicy,
    socket: Socket,
    owner: NegotiationOwner,
  ) {
    this.#host = host
    this.#service = service
    this.id = host.nextId()
    this.#client = new KnownClient(policy, this.#converse(socket), owner.peer, (named) => owner.admit(named))
  }

  get client(): Socket {
    return this.#known.dialogue.socket
  }

  /** Undefined after the hand-over. */
  get knownClient(): KnownClient | undefined {
    return this.#client
  }

  /** The client that a trusted proxy has named, and that may come in. */
  get namedClient(): Address | undefined {
    return this.#client === undefined ? this.#named : this.#client.named
  }

  get #known(): KnownClient {
    if (this.#client === undefined) throw new Error('a negotiation that is over has no client')
    return this.#client
  }

  /** Chooses the destination. Throws Refusal, DialogueOver, and what a route function throws. */
  async choose(): Promise<Destination> {
    const client = this.#known
    const choice = await chooseCluster(client)
    const destination = choice && destinationOf(choice, this.#service, this.#host.originations)
    if (destination?.dialsBySni === true) await learnServerName(client)
    // From here on the client waits for millrace.
    client.dialogue.allow(0)
    if (choice === undefined || destination === undefined) return this.#chooseSession(client)
    this.cluster = choice.cluster
    this.decision = choice.decision
    if (client.request !== undefined && choice.http !== 'pass') this.#serve(client, client.request, choice)
    return destination
  }

  /**
   * Tells the backend, and returns both ends. Undefined if everything has been said. Calls `answered` for
   * every response head. Throws Refusal and DialogueOver.
   */
  async agree(dialled: Dialled, destination: Destination, answered: () => void): Promise<Ends | undefined> {
    const client = this.#known
    const { preamble } = destination
    const backend = this.#converse(dialled.socket)
    this.backend = backend
    const told = sendPreamble(backend, dialled.server ?? dialled.backend, preamble, client, this.id)
    this.#backendTls = await client.dialogue.during(told)
    const { request, cancelRequest, startUp } = client
    if (cancelRequest !== undefined) return this.#cancelSession(cancelRequest)
    if (startUp !== undefined) return this.#handOver(this.#watchForKey(dialled, destination))
    if (request === undefined || this.#requestHead === undefined) return this.#handOver()
    const options = { ...preamble, answered }
    this.moved = { bytesUp: 0, bytesDown: 0 }
    this.#exchange = new Exchange(client.dialogue, backend, request, options, this.moved)
    return (await this.#answer(this.#exchange)) === 'finished' ? undefined : this.#handOver()
  }

  /** Makes every wait fail, on both sides. If nobody waits now, the next step checks `orderedEnd`. */
  end(cause: OrderedCause): void {
    this.orderedEnd = cause
    this.#client?.dialogue.cancel()
    this.backend?.cancel()
  }

  throwIfEnded(): void {
    const { orderedEnd: cause, phase } = this
    if (cause !== undefined) throw new Refusal({ by: 'proxy', phase, cause })
  }

  /** The ending for a wait that failed. */
  endingOf(over: DialogueOver): RecordEnding {
    const phase = this.#exchange?.status === undefined ? this.phase : 'data'
    return endingOf(over, this.backend, phase, this.orderedEnd)
  }

  /**
   * Ends both sides. A client that speaks HTTP and has no answer yet gets an error answer. A client that
   * wants to cancel gets a FIN. Any other client is told no as `order` says, or gets a reset. What one side
   * sent before it broke is delivered to the other first. A backend that was told everything is closed in
   * order, whatever it answered, because it may not expect a reset.
   */
  async dismiss(
    { by, cause }: RecordEnding,
    status: ErrorStatus | undefined,
    order: TellOrder | undefined,
  ): Promise<void> {
    const { backend } = this
    const client = this.#known
    const { dialogue } = client
    this.#noteRoundTrips()
    if (by === 'backend' && backend?.isBehind === false) backend.close()
    else if (by !== 'client') backend?.reset()
    const isUnanswered = this.#exchange?.status === undefined
    const hasAnswer = order?.answer !== undefined
    const lastWord = isUnanswered && !hasAnswer ? lastWordFor(client, cause, status) : undefined
    const speak = (): Promise<void> => {
      if (lastWord !== undefined) return dialogue.sayGoodbye(lastWord)
      if (isUnanswered && order !== undefined) return tellNo(dialogue, order, stateOf(client))
      if (by !== 'backend') dialogue.reset()
      return dialogue.breakOff()
    }
    await Promise.all([by === 'client' && backend?.breakOff(), speak()])
  }

  /** The connection is over. Ends all waits, and makes its session unknown. */
  close(): void {
    this.#stopWaiting()
    this.#forget?.()
  }

  facts(): OpeningFacts {
    return this.#learnt ?? openingFacts(this.#known, this.#exchange, this.#backendTls)
  }

  /** millrace itself passes the request on. */
  #serve(client: KnownClient, request: FirstRequest, { http }: Choice): void {
    if (client.policy.mayPass) takeRequest(client.dialogue, request)
    if (request.key === undefined && http === 'reject') throw refuse('upgrade-required')
    this.#requestHead = requestFor(client, request)
  }

  #converse(socket: Socket): Dialogue {
    const { runQueue, sweep } = this.#host.engine
    return new Dialogue(socket, runQueue, sweep)
  }

  #noteRoundTrips(): void {
    this.roundTrips ??= {
      client: this.client.tcpInfo()?.rttMicros,
      backend: this.backend?.socket.tcpInfo()?.rttMicros,
    }
  }

  async #answer(exchange: Exchange): Promise<'tunnel' | 'finished'> {
    const head = this.#requestHead!
    this.#requestHead = undefined
    const outcome = await exchange.run(head)
    if (outcome === 'finished') {
      this.#closeBackend()
      const lost = await this.#known.dialogue.leave()
      if (lost !== undefined) throw lost
    }
    return outcome
  }

  #closeBackend(): void {
    this.#noteRoundTrips()
    this.backend!.close()
  }

  async #chooseSession({ dialogue, cancelRequest }: KnownClient): Promise<Destination> {
    const { name, destinations } = this.#service
    const asked = sessionOf(name, cancelRequest!.session)
    const search = findSession(asked, this.#host.sessions, destinations)
    const session = await dialogue.during(search)
    if (session === undefined) throw refuse('no-session')
    this.cluster = session.place.cluster
    this.at = session.at
    return session.destination
  }

  async #cancelSession(request: CancelRequest): Promise<undefined> {
    const { dialogue } = this.#known
    await dialogue.during(passCancelOn(request, this.backend!))
    this.moved = { bytesUp: request.bytes.length, bytesDown: 0 }
    this.#closeBackend()
    await dialogue.sayGoodbye(Buffer.alloc(0))
  }

  /** Learns the key by which the session of this connection can be cancelled, for as long as it lasts. */
  #watchForKey(dialled: Dialled, destination: Destination): Watch {
    const learner = { listener: this.#service.name, destination }
    return watchForKey(dialled, learner, this.#host.sessions, (session, forget) => {
      this.session = session
      this.#forget = forget
    })
  }

  #handOver(watch?: Watch): Ends {
    // A text may be a slice of the head it was read from. It would keep the whole head in memory.
    const learnt = structuredClone(this.facts())
    this.#stopWaiting()
    const [client, backend] = asAlike(this.client, this.backend!.socket, this.#host.engine.runQueue)
    this.#learnt = learnt
    this.#named = structuredClone(this.#client?.named)
    this.#client = undefined
    this.backend = undefined
    this.#exchange = undefined
    return { client, backend, watch }
  }

  #stopWaiting(): void {
    this.#client?.dialogue.end()
    this.backend?.end()
  }
}

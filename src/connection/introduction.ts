/**
 * What happens before the pipe of a connection that is not simply joined: its client is asked who it is and what it
 * wants, its backend is told, and both have agreed by the time they are handed over. It owns the dialogues, and what
 * was learnt, for the record; after the hand-over that is all it keeps, because a tunnel may last for days.
 */
import { formatAddress, type PeerAddress } from '../address.js'
import type { Dialled } from '../cluster/dial.js'
import type { PlaceOfBackend } from '../cluster/dial-at.js'
import { asStream } from '../io/as-stream.js'
import { Dialogue } from '../io/dialogue.js'
import type { Engine } from '../io/engine.js'
import type { Socket } from '../io/socket.js'
import type { OpeningFacts, RecordEnding } from '../observe/record.js'
import type { OrderedCause } from '../pipe/options.js'
import type { Watch } from '../pipe/watched-carrier.js'
import { KeyWatch } from '../postgres/key-watch.js'
import type { Sessions } from '../postgres/sessions.js'
import type { TlsFacts } from '../route/visitor.js'
import { type ErrorStatus, errorAnswer } from '../websocket/error-answer.js'
import { approach, type Manners } from './approach.js'
import { findSession, passCancelOn, type Session } from './cancellation.js'
import type { Destination, Service } from './connection.js'
import { Exchange, type Moved } from './exchange.js'
import { requestFor } from './forwarding.js'
import type { Greeting } from './greeting.js'
import { type Cancel, Opening } from './opening.js'
import { openingFacts } from './opening-facts.js'
import { proxyFacts } from './proxy-facts.js'
import type { Reception } from './reception.js'
import { refuse } from './refusal.js'

/** What an introduction needs of the proxy. */
export interface IntroductionHost {
  readonly engine: Engine
  /** Those of Postgres that can be cancelled. */
  readonly sessions: Sessions<Session>
  nextId(): string
}

/** Both ends, ready for a pipe. */
export interface Ends {
  readonly client: Socket
  readonly backend: Socket
  /** Is to see what the backend says. */
  readonly watch?: Watch | undefined
}

/** Smoothed, in µs. */
interface RoundTrips {
  readonly client: number | undefined
  readonly backend: number | undefined
}

const NOTHING: Moved = { bytesUp: 0, bytesDown: 0 }

export class Introduction {
  /** Why it was told to end, if it was. */
  calledOff: OrderedCause | undefined
  cluster: string | undefined
  /** Where the client must come to, and nowhere else; undefined where any backend of its cluster will do. */
  at: PlaceOfBackend | undefined
  backend: Dialogue | undefined
  exchange: Exchange | undefined
  /** From accept to the dial, in whole µs; undefined where nobody was dialled. */
  waitMicros: number | undefined
  /** Where the ends are closed before their record is made; undefined where they are still there to be asked. */
  roundTrips: RoundTrips | undefined
  /** Of heads and bodies that did not go through a pipe. */
  moved: Moved = NOTHING
  /** Undefined after the hand-over. */
  #opening: Opening | undefined
  #learnt: OpeningFacts | undefined
  readonly #host: IntroductionHost
  readonly #destinations: ReadonlyMap<string, Destination>
  /** Of the record, and what backends are told. */
  readonly id: string
  #backendTls: TlsFacts | undefined
  /** The head that the backend is sent, until it is. */
  #request: Buffer | undefined
  /** Gives up what others may know of it. */
  #leave: (() => void) | undefined

  constructor(
    host: IntroductionHost,
    { destinations }: Service,
    reception: Reception,
    socket: Socket,
    peer: PeerAddress,
  ) {
    this.#host = host
    this.#destinations = destinations
    this.id = host.nextId()
    this.#opening = new Opening(host.engine, reception, socket, peer)
  }

  get client(): Dialogue {
    return this.#open.client
  }

  get opening(): Opening | undefined {
    return this.#opening
  }

  get #open(): Opening {
    if (this.#opening === undefined) throw new Error('an introduction that is over has no opening')
    return this.#opening
  }

  /** Throws Refusal, DialogueOver, and what a route function throws. */
  async choose(): Promise<Destination> {
    const choice = await this.#open.choose()
    if (choice === undefined) return this.#chooseSession(this.#open)
    const destination = this.#destinations.get(choice.cluster)
    if (destination === undefined)
      throw new RangeError(`there is no cluster ${JSON.stringify(choice.cluster)}`)
    this.cluster = choice.cluster
    const { greeting } = this.#open
    if (greeting !== undefined && greeting.key === undefined && choice.http === 'reject') {
      throw refuse('upgrade-required')
    }
    this.#request = greeting && requestFor(this.#open, greeting)
    return destination
  }

  /**
   * Undefined where all there was to say has been said. `answered` is told of every response head. Throws Refusal and
   * DialogueOver.
   */
  async meet(dialled: Dialled, destination: Destination, answered: () => void): Promise<Ends | undefined> {
    const opening = this.#open
    const { socket, backend } = dialled
    const { manners } = destination
    this.backend = new Dialogue(socket, this.#host.engine.turns, this.#host.engine.sweep)
    const facts = proxyFacts(opening, this.id)
    const approached = await opening.client.during(
      approach(this.backend, backend, manners, facts, this.#host.engine, isPassingOn(opening, manners)),
    )
    this.backend = approached.backend
    this.#backendTls = approached.tls
    const { greeting, cancel, startUp } = opening
    if (cancel !== undefined) return this.#cancel(cancel)
    if (startUp !== undefined) return this.#handOver(this.#watchFor(dialled, destination))
    if (greeting === undefined) return this.#handOver()
    const outcome = await this.#exchange(greeting, manners, answered)
    return outcome === 'finished' ? undefined : this.#handOver()
  }

  /**
   * Says a last word to a client that speaks HTTP and was not answered yet, an orderly end to one that wants to cancel, a
   * reset to any other. What one side had said before it broke is delivered to the other first. A backend that has been
   * told everything is closed in order, whatever it answered: it may have no words for a reset.
   */
  async dismiss({ by }: RecordEnding, status: ErrorStatus | undefined): Promise<void> {
    const { client, backend } = this
    this.#noteRoundTrips()
    if (by === 'backend' && backend?.isBehind === false) backend.close()
    else if (by !== 'client') backend?.socket.reset()
    const lastWord = this.#lastWord(status)
    if (lastWord === undefined && by !== 'backend') client.socket.reset()
    await Promise.all([
      by === 'client' && backend?.breakOff(),
      lastWord === undefined ? client.breakOff() : client.sayGoodbye(lastWord),
    ])
  }

  /** Undefined where there is nothing to be said. */
  #lastWord(status: ErrorStatus | undefined): Buffer | undefined {
    const { cancel, reception } = this.#open
    // As Postgres itself: whoever cancels learns nothing, not even whether there was anything to cancel.
    if (cancel !== undefined) return Buffer.alloc(0)
    const isHttp = reception.config.protocol === 'http'
    return isHttp && status !== undefined && this.exchange?.status === undefined
      ? errorAnswer(status)
      : undefined
  }

  /** Lets every wait fail. Where there is none at this moment, `calledOff` tells. */
  callOff(cause: OrderedCause): void {
    this.calledOff = cause
    this.#opening?.client.callOff()
    this.backend?.callOff()
  }

  /** No more waits on either side. */
  end(): void {
    this.client.end()
    this.backend?.end()
  }

  /** The connection is over. */
  leave(): void {
    this.#leave?.()
  }

  facts(): OpeningFacts {
    return this.#learnt ?? this.#learn()
  }

  #learn(): OpeningFacts {
    return openingFacts(this.#open, this.exchange, this.#backendTls)
  }

  #noteRoundTrips(): void {
    this.roundTrips ??= {
      client: this.client.socket.roundTripMicros(),
      backend: this.backend?.socket.roundTripMicros(),
    }
  }

  async #exchange(
    greeting: Greeting,
    manners: Manners,
    answered: () => void,
  ): Promise<'tunnel' | 'finished'> {
    const { client } = this.#open
    const request = this.#request!
    this.#request = undefined
    this.moved = { bytesUp: 0, bytesDown: 0 }
    this.exchange = new Exchange(client, this.backend!, greeting, { ...manners, answered }, this.moved)
    const outcome = await this.exchange.run(request)
    if (outcome === 'finished') {
      this.#closeBackend()
      const lost = await client.leave()
      if (lost !== undefined) throw lost
    }
    return outcome
  }

  #closeBackend(): void {
    this.#noteRoundTrips()
    this.backend!.close()
  }

  async #chooseSession({ client, cancel }: Opening): Promise<Destination> {
    // From here on the client waits for us.
    client.allow(0)
    const search = findSession(cancel!.session, this.#host.sessions, this.#destinations)
    const session = await client.during(search)
    if (session === undefined) throw refuse('no-session')
    this.cluster = session.place.cluster
    this.at = session.at
    return session.destination
  }

  async #cancel(cancel: Cancel): Promise<undefined> {
    await this.client.during(passCancelOn(cancel, this.backend!))
    this.moved = { bytesUp: cancel.bytes.length, bytesDown: 0 }
    this.#closeBackend()
    await this.client.sayGoodbye(Buffer.alloc(0))
  }

  /** Learns by which key the session of this connection can be cancelled, for as long as it lasts. */
  #watchFor({ backend, address }: Dialled, destination: Destination): Watch {
    const { sessions } = this.#host
    const place = { cluster: this.cluster!, backend: backend.name, address: formatAddress(address) }
    const session: Session = { place, at: { backend, address }, destination }
    const watch = new KeyWatch((name) => {
      sessions.begin(name, session)
      this.#leave = () => sessions.end(name, session)
    })
    return (bytes) => watch.show(bytes)
  }

  #handOver(watch?: Watch): Ends {
    // A text may be a slice of the head it was read from, and would keep all of it.
    const learnt = structuredClone(this.#learn())
    this.end()
    const ends = this.#alike(this.client.socket, this.backend!.socket)
    this.#learnt = learnt
    this.#opening = undefined
    this.backend = undefined
    this.exchange = undefined
    return { ...ends, watch }
  }

  /** Where one is a stream, both are. Throws where one is closed. */
  #alike(client: Socket, backend: Socket): Ends {
    if (client.kind === backend.kind) return { client, backend }
    const { turns } = this.#host.engine
    return { client: asStream(client, turns), backend: asStream(backend, turns) }
  }
}

/** Whether the client's TLS goes on to a backend that has to be asked for TLS first. */
function isPassingOn({ hello, tls, reception }: Opening, { startTls }: Manners): boolean {
  const isStarted = reception.config.startTls !== undefined || startTls !== undefined
  return isStarted && hello !== undefined && tls === undefined
}

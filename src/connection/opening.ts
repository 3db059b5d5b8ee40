/**
 * The opening of a connection: who the client is and what it asks for, learnt from its first bytes, none of which
 * is lost to the backend, until its cluster is known. Every step either goes on or throws a Refusal.
 */
import { type Address, type PeerAddress, unpackPeer } from '../address.js'
import { ALPN_POSTGRESQL } from '../config/start-tls-schema.js'
import { Dialogue, DialogueOver } from '../io/dialogue.js'
import type { Engine } from '../io/engine.js'
import type { Socket } from '../io/socket.js'
import { StreamSocket } from '../io/stream-socket.js'
import { type ClientHello, MOST_HELLO_BYTES, readClientHello } from '../peek/client-hello.js'
import type { StartUp } from '../postgres/start-up.js'
import { decodeProxyHeader, MOST_HEADER_BYTES, mayBeProxyHeader } from '../proxy-protocol/decode.js'
import type { ProxyHeader } from '../proxy-protocol/header.js'
import type { TlsFacts } from '../route/visitor.js'
import { type Choice, REJECT, routeOf } from './choice.js'
import { clientByField } from './forwarding.js'
import { type Greeting, greet } from './greeting.js'
import type { Reception } from './reception.js'
import { refuse } from './refusal.js'
import { agreeOnTls, readPacket } from './start-tls.js'

/** A Postgres cancel request. */
export interface Cancel {
  readonly session: string
  readonly bytes: Buffer
}

export class Opening {
  readonly reception: Reception
  /** Of the client; another one once its TLS has ended here. */
  client: Dialogue
  proxyHeader: ProxyHeader | undefined
  hello: ClientHello | undefined
  tls: TlsFacts | undefined
  /** Of a Postgres client that can be understood. */
  startUp: StartUp | undefined
  /** Of a Postgres client that came to say this and nothing else. */
  cancel: Cancel | undefined
  greeting: Greeting | undefined
  /** Who the client is, as a proxy that we trust says in the request; undefined where none does. */
  fieldClient: Address | undefined
  /** Who connected to us. */
  readonly peer: Address | undefined
  readonly #engine: Engine

  constructor(engine: Engine, reception: Reception, socket: Socket, peer: PeerAddress) {
    this.reception = reception
    this.client = new Dialogue(socket, engine.turns, engine.sweep)
    this.#engine = engine
    this.peer = peer === undefined ? undefined : unpackPeer(peer)
  }

  /** Who connected, as a PROXY header says where there is one. */
  get sender(): Address | undefined {
    return this.proxyHeader?.source ?? this.peer
  }

  /** Who the client is, as far as anybody we trust has said. */
  get clientAddress(): Address | undefined {
    return this.fieldClient ?? this.sender
  }

  /** Where the client wanted to go. */
  get localAddress(): Address | undefined {
    return this.proxyHeader?.destination ?? this.client.socket.localAddress()
  }

  /** Undefined where the client only wants to cancel. */
  async choose(): Promise<Choice | undefined> {
    const { config, firstBytesMs, termination } = this.reception
    await this.#identify()
    this.client.allow(firstBytesMs)
    const looksAtHello = await this.#looksAtHello()
    if (looksAtHello) {
      const instead = await this.#lookAtHello()
      if (instead !== undefined) return { cluster: instead, http: 'reject' }
    }
    if (termination !== undefined && looksAtHello) await this.#terminate()
    const passesThrough = looksAtHello && this.tls === undefined
    if (config.startTls !== undefined && !passesThrough) await this.#startUp()
    if (this.cancel !== undefined) return undefined
    if (config.protocol === 'http') {
      this.greeting = await greet(this.client)
      this.fieldClient = clientByField(this, this.greeting)
    }
    const choice = await routeOf(this)
    this.client.allow(0)
    return choice
  }

  /** The ClientHello, or what is wrong with it. Looked at once. */
  async readHello(): Promise<ClientHello | string> {
    if (this.hello !== undefined) return this.hello
    const answer = await this.client.look(readClientHello, MOST_HELLO_BYTES)
    if (answer.kind === 'no-match') return answer.reason
    this.hello = answer.value
    return answer.value
  }

  /** A Postgres client has its say in it. */
  async #looksAtHello(): Promise<boolean> {
    const { config, looksAtHello } = this.reception
    if (config.startTls === undefined) return looksAtHello
    const how = await agreeOnTls(this.client)
    if (how === 'none') return false
    const hello = await this.readHello()
    // Or else a hello meant for another protocol could be brought here (ALPACA); servers insist on it, too.
    if (how === 'at-once' && typeof hello !== 'string' && !hello.alpn.includes(ALPN_POSTGRESQL))
      throw refuse(`bad-hello: no ALPN "${ALPN_POSTGRESQL}"`)
    return true
  }

  async #startUp(): Promise<void> {
    const { packet, taken } = await readPacket(this.client)
    if (packet.kind === 'cancel') this.cancel = { session: packet.session, bytes: taken }
    else this.startUp = { user: packet.user, database: packet.database }
  }

  async #identify(): Promise<void> {
    const { acceptProxy } = this.reception.config
    if (acceptProxy === undefined) return
    const { required, timeoutMs } = acceptProxy
    if (!this.reception.proxySenders.has(this.peer)) {
      // Who it was is told by the record's `client`, where that may be told.
      if (required) throw refuse('proxy-header: not from a trusted sender')
      return
    }
    this.client.allow(timeoutMs)
    try {
      const isMissing = (bytes: Buffer): boolean => !required && !mayBeProxyHeader(bytes)
      const answer = await this.client.look(
        (bytes) =>
          isMissing(bytes) ? { kind: 'match', value: undefined, bytes: 0 } : decodeProxyHeader(bytes),
        MOST_HEADER_BYTES,
      )
      if (answer.kind === 'no-match') throw refuse(`proxy-header: ${answer.reason}`)
      this.client.socket.read(answer.bytes)
      this.proxyHeader = answer.value
    } catch (error) {
      if (!(error instanceof DialogueOver) || error.why !== 'timed-out') throw error
      // Who waits for the server to speak sends nothing, and may do without where that is allowed.
      if (required || this.client.socket.peek(1).length > 0) throw refuse('proxy-header: too slow')
    }
  }

  /** A cluster, where the hello or the lack of a name decides by itself. */
  async #lookAtHello(): Promise<string | undefined> {
    const { onBadHello, onNoSni } = this.reception.config
    const hello = await this.readHello()
    if (typeof hello === 'string') {
      if (onBadHello === REJECT) throw refuse(`bad-hello: ${hello}`)
      return onBadHello
    }
    if (hello.serverName !== undefined || onNoSni === undefined) return undefined
    if (onNoSni === REJECT) throw refuse('no-sni')
    // With our own certificate the handshake comes first all the same.
    return this.reception.termination === undefined ? onNoSni : undefined
  }

  async #terminate(): Promise<void> {
    const { client } = this
    const termination = this.reception.termination!
    const raw = client.socket.release()
    if (raw === undefined) throw refuse('tls-handshake: the connection is closed')
    const handshake = termination.accept(raw, this.hello?.serverName)
    try {
      const { stream, facts } = await client.during(handshake.done)
      const socket = new StreamSocket(stream, this.#engine.turns, 'not-a-plain-socket')
      socket.below = raw
      this.client = new Dialogue(socket, this.#engine.turns, this.#engine.sweep)
      this.client.allow(this.reception.firstBytesMs)
      // It may have been just between the last wait and this line.
      if (client.isCalledOff) this.client.callOff()
      client.end()
      this.tls = facts
    } catch (error) {
      handshake.cancel()
      if (error instanceof DialogueOver) throw error
      throw refuse(`tls-handshake: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

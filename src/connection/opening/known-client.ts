/**
 * What is known of a client. Its opening learns it, its route depends on it, and its backend and the record
 * are told. A field is undefined until it was learnt, and for ever if the client has nothing of the kind.
 */
import { type Address, type PeerAddress, unpackPeer } from '../../address.js'
import type { Dialogue, DialogueOver } from '../../io/dialogue.js'
import type { OpeningCause } from '../../observe/endings.js'
import { type ClientHello, MOST_HELLO_BYTES, readClientHello } from '../../peek/client-hello.js'
import type { Spoken } from '../../peek/speaks/protocols.js'
import type { StartUp } from '../../postgres/start-up.js'
import type { ProxyHeader } from '../../proxy-protocol/header.js'
import type { TlsFacts } from '../../route/visitor.js'
import type { Decision } from '../decision/read-decision.js'
import { type ListenerPolicy, TLS } from '../listener-policy.js'
import type { FirstRequest } from './first-request.js'

/** From a Postgres client that only came to cancel what another connection of it has asked for. */
export interface CancelRequest {
  readonly session: string
  readonly bytes: Buffer
}

/** What decided where a client goes: the index of a route, or a key of the listener. */
export type DecidedBy = number | 'cluster' | 'onNoSni' | 'onBadHello' | 'onSilent'

export class KnownClient {
  readonly policy: ListenerPolicy
  /** Why a client of this address may not come in. Undefined: it may. */
  readonly admit: (address: Address) => OpeningCause | undefined
  readonly dialogue: Dialogue
  /** Address of the peer that connected to us. */
  readonly peer: Address | undefined
  proxyHeader: ProxyHeader | undefined
  /** All that its first bytes may be, of what the routes ask for. Undefined: no route asks. */
  spoken: readonly Spoken[] | undefined
  /** It was given time to speak, and has sent nothing. */
  isSilent = false
  /** Why its first bytes were not enough to tell what it speaks. */
  unfinished: DialogueOver | undefined
  hello: ClientHello | undefined
  tls: TlsFacts | undefined
  /** From a Postgres client whose start-up can be read. */
  startUp: StartUp | undefined
  cancelRequest: CancelRequest | undefined
  request: FirstRequest | undefined
  /** Address of the client, as a proxy that we trust says in the request. */
  fieldClient: Address | undefined
  /** The client that a trusted proxy has named, and that may come in. */
  named: Address | undefined
  /** What a route function has decided about it. Undefined: nothing but its cluster, or none was asked. */
  decision: Decision | undefined
  /** What a route function wants to have said to the client that it rejects. */
  answer: Uint8Array | undefined
  /** How long a route function took while it waited for no byte of the client, in whole µs. */
  routeMicros: number | undefined
  /** Undefined: nothing has decided yet, or a route function did. */
  decidedBy: DecidedBy | undefined
  /** How long one connect may take, in ms. Undefined until its cluster is known. */
  connectMs: number | undefined

  constructor(
    policy: ListenerPolicy,
    dialogue: Dialogue,
    peer: PeerAddress,
    admit: (address: Address) => OpeningCause | undefined,
  ) {
    this.policy = policy
    this.admit = admit
    this.dialogue = dialogue
    this.peer = peer === undefined ? undefined : unpackPeer(peer)
  }

  /** Address of the sender: from its PROXY header if there is one, else of the peer. */
  get sender(): Address | undefined {
    return this.proxyHeader?.source ?? this.peer
  }

  /** Address of the client, as far as we and those we trust know it. */
  get address(): Address | undefined {
    return this.fieldClient ?? this.sender
  }

  /** The address that the client wanted to reach. */
  get localAddress(): Address | undefined {
    return this.proxyHeader?.destination ?? this.dialogue.socket.localAddress()
  }

  /** The ClientHello, or what is wrong with it. A good one is read only once. Throws DialogueOver. */
  async readHello(): Promise<ClientHello | string> {
    if (this.hello !== undefined) return this.hello
    const answer = await this.dialogue.look(readClientHello, MOST_HELLO_BYTES)
    if (answer.kind === 'no-match') return answer.reason
    this.hello = answer.value
    return answer.value
  }
}

/** Whether it may begin with a ClientHello. True if nobody has looked. */
export const maySpeakTls = ({ spoken }: KnownClient): boolean => spoken === undefined || spoken.includes(TLS)

/** A forward proxy that speaks SOCKS5 (RFC 1928), with user and password (RFC 1929). It serves CONNECT, not BIND and UDP ASSOCIATE. */
import { createServer, type Socket } from 'node:net'
import type { AskedServer } from '../cluster/egress/asked-server.js'
import { readForwardOptions } from './arguments.js'
import { ClientMessages } from './client-messages.js'
import { Forwarding } from './forwarding.js'
import type { ForwardServer, ForwardServerOptions } from './options.js'
import { Refused, toRefused, UNKNOWN_ADDRESS_TYPE } from './outcome.js'
import {
  CONNECT,
  methodAnswer,
  NO_AUTHENTICATION,
  PASSWORD,
  passwordAnswer,
  readGreeting,
  readPassword,
  readRequest,
  reply,
  type SocksRequest,
} from './socks5-messages.js'
import { serverOf, Visit } from './visit.js'

const SUCCEEDED = 0

/**
 * Makes a server for SOCKS5, as curl, ssh and browsers use it. It is a `net.Server`: call `listen` and `close` of Node. Nobody gets
 * anything that `allow` does not allow, and only `{ networks }` lets a client reach addresses that are not public.
 *
 * @throws MillraceError `bad-argument` if `allow` is missing, or an option is unknown or has a wrong value.
 */
export function socksServer(options: ForwardServerOptions): ForwardServer {
  const forwarding = new Forwarding(readForwardOptions('socksServer', options))
  const server = createServer(
    { allowHalfOpen: true },
    (client) => void new SocksClient(forwarding, client).serve(),
  )
  return forwarding.join(server)
}

class SocksClient {
  readonly #forwarding: Forwarding
  readonly #client: Socket
  readonly #visit: Visit
  readonly #messages: ClientMessages
  /** What it gets at this point if it is refused. */
  #refusal = (_: Refused): Buffer => Buffer.alloc(0)

  constructor(forwarding: Forwarding, client: Socket) {
    this.#forwarding = forwarding
    this.#client = client
    this.#visit = new Visit(forwarding, client)
    this.#messages = new ClientMessages(client, this.#visit.gone, forwarding.timeouts.requestTimeoutMs)
  }

  /** Never rejects. */
  async serve(): Promise<void> {
    try {
      await this.#authenticate()
      this.#refusal = (refused) => reply(refused.reply)
      await this.#visit.reach(readServer(await this.#messages.next(readRequest)))
      await this.#visit.serve(reply(SUCCEEDED), this.#messages.rest)
    } catch (error) {
      this.#refuse(toRefused(error))
    }
  }

  async #authenticate(): Promise<void> {
    const asks = this.#forwarding.authenticate !== undefined
    const wanted = asks ? PASSWORD : NO_AUTHENTICATION
    const offered = await this.#messages.next(readGreeting)
    this.#refusal = () => methodAnswer(undefined)
    if (!offered.includes(wanted))
      throw new Refused('wrong-credentials', `it does not offer ${asks ? 'a password' : 'no authentication'}`)
    this.#client.write(methodAnswer(wanted))
    if (!asks) return
    this.#refusal = () => passwordAnswer(false)
    await this.#visit.authenticate(await this.#messages.next(readPassword))
    this.#client.write(passwordAnswer(true))
  }

  /** A client that left before it sent anything asked for nothing. */
  #refuse(refused: Refused): void {
    const isLate = refused.outcome === 'request-timeout'
    if (isLate || this.#messages.hasCome) this.#visit.refuse(refused, this.#refusal(refused))
    else {
      this.#visit.forget()
      this.#client.on('error', () => {})
      this.#client.destroy()
    }
  }
}

/** Throws Refused. */
function readServer({ command, at }: SocksRequest): AskedServer {
  if (command !== CONNECT) throw new Refused('not-served', `command ${command} instead of CONNECT`)
  if (at === undefined) throw new Refused('not-served', UNKNOWN_ADDRESS_TYPE)
  return serverOf(at.host, at.port)
}

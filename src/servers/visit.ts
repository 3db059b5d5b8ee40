/**
 * One request of one client of a forward server: who the client is, whether it may, the way to its host, the pipe, and the record.
 * It knows no protocol and answers nobody: it throws as Refused what it cannot do.
 */
import type { Duplex } from 'node:stream'
import { formatAddress } from '../address.js'
import { show } from '../arguments.js'
import type { AskedServer } from '../cluster/egress/asked-server.js'
import { pipe } from '../pipe/join.js'
import type { PipeRecord } from '../pipe/options.js'
import { readAllowance } from './arguments.js'
import type { Forwarding } from './forwarding.js'
import { sayGoodbye } from './goodbye.js'
import { mistake, Refused } from './outcome.js'
import { Presence } from './presence.js'
import { type Reached, reach } from './reach.js'
import { ask, within } from './within.js'

const PORTS = 65_536

export class Visit {
  readonly #forwarding: Forwarding
  readonly #client: Duplex
  readonly #presence: Presence
  readonly #began = performance.now()
  #target: string | undefined
  #user: string | undefined
  #reached: Reached | undefined

  constructor(forwarding: Forwarding, client: Duplex) {
    this.#forwarding = forwarding
    this.#client = client
    this.#presence = new Presence(client)
  }

  /** Aborts when the client is gone. */
  get gone(): AbortSignal {
    return this.#presence.gone
  }

  /** Throws Refused. */
  async authenticate(credentials: { user: string; password: string }): Promise<void> {
    this.#user = credentials.user
    const { authenticate } = this.#forwarding
    if (authenticate === undefined) return
    const returned = await this.#ask((signal) =>
      authenticate({ ...credentials, client: this.#presence.address, signal }),
    )
    if (typeof returned !== 'boolean')
      throw mistake(new TypeError(`authenticate returned ${show(returned)}: return true or false`))
    if (!returned) throw new Refused('wrong-credentials')
  }

  /** Connects to the host if the client may have it. Throws Refused. */
  async reach(server: AskedServer): Promise<void> {
    const { host, port } = server
    this.#target = formatAddress({ kind: 'tcp', host, port })
    const { allow, names, timeouts } = this.#forwarding
    const user = this.#forwarding.authenticate === undefined ? undefined : this.#user
    const returned = await this.#ask((signal) =>
      allow({ host, port, client: this.#presence.address, user, signal }),
    )
    const way = { names, addresses: this.#forwarding.addresses(networksOf(returned)), ...timeouts }
    this.#reached = await within(timeouts.connectTimeoutMs, 'connect-timeout', this.gone, (signal) =>
      reach(server, way, signal),
    )
  }

  /** Tells the client `answer`, and joins it to its host. `head`: bytes that it has sent already. */
  async serve(answer: Buffer, head: Buffer): Promise<void> {
    const { pipes, pipeSettings } = this.#forwarding
    this.#client.write(answer)
    const running = pipe(this.#client, this.#reached!.socket, { ...pipeSettings, head })
    pipes.add(running)
    const record = await running
    pipes.delete(running)
    this.#over(undefined, record)
  }

  /** Ends without a connection. `answer`: what the client gets. */
  refuse(refused: Refused, answer: Buffer): void {
    sayGoodbye(this.#client, answer)
    this.#reached?.socket.destroy()
    this.tell(refused)
  }

  /** Ends with a record. Somebody else answers the client. */
  tell(refused: Refused): void {
    this.#over(refused, undefined)
  }

  /** Ends without a record, because nobody asked for anything. */
  forget(): void {
    this.#presence.end()
  }

  #ask(call: (signal: AbortSignal) => unknown): Promise<unknown> {
    return ask(this.#forwarding.timeouts.functionTimeoutMs, this.gone, call)
  }

  #over(refused: Refused | undefined, record: PipeRecord | undefined): void {
    this.forget()
    this.#forwarding.records.tell({
      outcome: refused?.outcome ?? 'served',
      client: this.#presence.address,
      target: this.#target,
      user: this.#user,
      address: this.#reached?.address,
      reason: refused?.reason,
      error: refused?.cause,
      pipe: record,
      durationMs: performance.now() - this.#began,
    })
  }
}

/** The networks besides the public ones. Throws Refused. */
function networksOf(returned: unknown): readonly string[] {
  if (returned === true) return []
  if (returned === false) throw new Refused('not-allowed')
  try {
    if (typeof returned === 'object') return readAllowance(returned).networks
  } catch (error) {
    throw mistake(error)
  }
  throw mistake(new TypeError(`allow returned ${show(returned)}: return true, false or { networks: [...] }`))
}

/** The server that a client asks for. Throws Refused if it names none. */
export function serverOf(host: Omit<AskedServer, 'port'> | undefined, port: number): AskedServer {
  if (host === undefined || !(port > 0 && port < PORTS)) throw new Refused('bad-request', 'no host and port')
  return { ...host, port }
}

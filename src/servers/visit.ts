/**
 * One request of one client of a forward server: who the client is, whether it may, the way to its host, the pipe, and the record.
 * It knows no protocol and answers nobody: it throws as Refused what it cannot do.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Address, formatAddress, hostOfSocket } from '../address.js'
import { show } from '../arguments.js'
import type { AskedServer } from '../cluster/egress/asked-server.js'
import { pipe } from '../pipe/join.js'
import type { PipeRecord } from '../pipe/options.js'
import { readAllowance } from './arguments.js'
import type { Forwarding } from './forwarding.js'
import { sayGoodbye } from './goodbye.js'
import { Refused } from './outcome.js'
import { type Reached, reach } from './reach.js'
import { within } from './within.js'

const PORTS = 65_536

export class Visit {
  readonly #forwarding: Forwarding
  readonly #client: Duplex
  readonly #address: Address | undefined
  readonly #began = performance.now()
  readonly #gone = new AbortController()
  readonly #leave = (): void => this.#gone.abort()
  #target: string | undefined
  #user: string | undefined
  #reached: Reached | undefined

  constructor(forwarding: Forwarding, client: Duplex) {
    this.#forwarding = forwarding
    this.#client = client
    this.#address = addressOf(client)
    client.on('error', this.#leave)
    client.once('close', this.#leave)
    if (client.destroyed) this.#leave()
  }

  /** Aborts when the client is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Throws Refused. */
  async authenticate(credentials: { user: string; password: string }): Promise<void> {
    this.#user = credentials.user
    const { authenticate } = this.#forwarding
    if (authenticate === undefined) return
    const returned = await this.#ask('authenticate', (signal) =>
      authenticate({ ...credentials, client: this.#address, signal }),
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
    const returned = await this.#ask('allow', (signal) =>
      allow({ host, port, client: this.#address, user, signal }),
    )
    const way = { names, addresses: this.#forwarding.addresses(networksOf(returned)), ...timeouts }
    this.#reached = await within(timeouts.connectTimeoutMs, 'connect-timeout', this.#gone.signal, (signal) =>
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
    this.#client.removeListener('error', this.#leave)
    this.#client.removeListener('close', this.#leave)
  }

  #over(refused: Refused | undefined, record: PipeRecord | undefined): void {
    this.forget()
    this.#forwarding.tell({
      outcome: refused?.outcome ?? 'served',
      client: this.#address,
      target: this.#target,
      user: this.#user,
      address: this.#reached?.address,
      reason: refused?.reason,
      error: refused?.cause,
      pipe: record,
      durationMs: performance.now() - this.#began,
    })
  }

  async #ask(name: string, call: (signal: AbortSignal) => unknown): Promise<unknown> {
    const { functionTimeoutMs } = this.#forwarding.timeouts
    try {
      return await within(functionTimeoutMs, 'function-timeout', this.#gone.signal, call)
    } catch (error) {
      throw error instanceof Refused ? error : mistake(error ?? new TypeError(`${name} threw ${show(error)}`))
    }
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

/** What anything else than Refused that was thrown means. */
export const toRefused = (error: unknown): Refused => (error instanceof Refused ? error : mistake(error))

const mistake = (error: unknown): Refused => new Refused('function-failed', undefined, error)

function addressOf(client: Duplex): Address | undefined {
  if (!(client instanceof Socket)) return undefined
  const { remoteAddress, remotePort } = client
  return remoteAddress === undefined || remotePort === undefined
    ? undefined
    : { kind: 'tcp', host: hostOfSocket(remoteAddress), port: remotePort }
}

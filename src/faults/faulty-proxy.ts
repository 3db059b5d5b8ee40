/** A faulty proxy: it listens, keeps its connections, and gives each its faults. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Address, formatAddress } from '../address.js'
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from './clock.js'
import type { Fault, FaultyConnection } from './fault.js'
import { type ReadOptions, readFaultList, readFaults, readFaultyProxyOptions } from './fault-arguments.js'
import type { Faults, FaultyProxy, FaultyProxyOptions } from './options.js'
import { ProxiedConnection } from './proxied-connection.js'

/** Of connections that have ended, it keeps no more than fit below this number. */
const MOST_KEPT = 1000

interface Kept {
  readonly connection: ProxiedConnection
  readonly view: FaultyConnection
  /** What it got at its accept. */
  readonly first: readonly Fault[]
}

/**
 * Starts a proxy with faults, for a test. Bytes pass through the memory of this process, over sockets of `node:net`.
 *
 * @throws MillraceError `bad-argument`, or `listen-failed` if it cannot listen. The promise rejects with it.
 */
export const faultyProxy = async (options: FaultyProxyOptions): Promise<FaultyProxy> =>
  startFaultyProxy(readFaultyProxyOptions(options), systemClock)

/** Starts it with any clock. */
export async function startFaultyProxy(options: ReadOptions, clock: Clock): Promise<FaultyProxy> {
  const server = new FaultyServer(options, clock)
  await server.listenAgain()
  return viewOfServer(server)
}

class FaultyServer {
  readonly #to: Address
  readonly #clock: Clock
  readonly #kept: Kept[] = []
  #address: Address
  #faults: Faults
  #server: Server | undefined
  #listening: Promise<void> | undefined
  #stopped: Promise<unknown> = Promise.resolve()
  #accepted = 0
  #problem: { readonly error: unknown } | undefined
  #closing: Promise<void> | undefined

  constructor({ to, listen, faults }: ReadOptions, clock: Clock) {
    this.#to = to
    this.#address = listen
    this.#faults = faults
    this.#clock = clock
  }

  get address(): Address {
    return this.#address
  }

  get kept(): readonly Kept[] {
    return this.#kept
  }

  set(given: Faults): void {
    this.#faults = readFaults('set', 'faults', given)
    for (const { connection, view } of this.#kept) if (connection.isOpen) this.#choose(connection, view)
  }

  /** Opens the port, if it is not open. */
  async listenAgain(): Promise<void> {
    if (this.#closing !== undefined) throw new MillraceError('wrong-state', 'the faulty proxy is closed')
    this.#listening ??= this.#listen()
    await this.#listening
  }

  stopListening(): void {
    const server = this.#server
    if (server === undefined) return
    this.#stopped = Promise.all([this.#stopped, new Promise((resolve) => server.close(resolve))])
    this.#server = undefined
    this.#listening = undefined
  }

  async #listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true })
    server.on('connection', (client) => this.#accept(client))
    server.listen(targetOf(this.#address))
    try {
      await once(server, 'listening')
    } catch (cause) {
      this.#listening = undefined
      const address = formatAddress(this.#address)
      throw new MillraceError('listen-failed', `cannot listen on ${address}: ${cause}`, { cause })
    }
    this.#server = server
    // After that, Node reports clients that it cannot accept.
    server.on('error', (error) => this.#note(error))
    const bound = server.address()
    if (this.#address.kind === 'tcp' && bound !== null && typeof bound === 'object')
      this.#address = { ...this.#address, port: bound.port }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#listening?.catch(() => {})
    this.stopListening()
    for (const { connection } of this.#kept) connection.destroy()
    await Promise.all([this.#stopped, ...this.#kept.map(({ connection }) => connection.ended)])
    if (this.#problem !== undefined) throw this.#problem.error
  }

  #accept(client: Socket): void {
    const connection = new ProxiedConnection({
      client,
      clock: this.#clock,
      dial: () => connect({ ...targetOf(this.#to), allowHalfOpen: true, noDelay: true }),
    })
    const view = viewOfConnection(connection, this.#accepted++)
    this.#choose(connection, view)
    this.#kept.push({ connection, view, first: connection.faults })
    this.#forgetOldest()
    connection.open()
  }

  /** A function that fails resets the connection, and `close` tells why. */
  #choose(connection: ProxiedConnection, view: FaultyConnection): void {
    const faults = this.#faults
    try {
      const chosen =
        typeof faults === 'function'
          ? readFaultList('faults', 'the returned list', faults(view, view.index))
          : faults
      connection.set(chosen)
    } catch (error) {
      this.#note(error)
      connection.reset()
    }
  }

  #note(error: unknown): void {
    this.#problem ??= { error }
  }

  #forgetOldest(): void {
    if (this.#kept.length <= MOST_KEPT) return
    const ended = this.#kept.findIndex(({ connection }) => !connection.isOpen)
    if (ended !== -1) this.#kept.splice(ended, 1)
  }
}

const targetOf = (address: Address) =>
  address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }

function viewOfServer(server: FaultyServer): FaultyProxy {
  const close = () => server.close()
  return {
    get address() {
      return formatAddress(server.address)
    },
    get port() {
      return server.address.kind === 'tcp' ? server.address.port : 0
    },
    get connections() {
      return server.kept.map(({ view }) => view)
    },
    get schedule() {
      return server.kept.map(({ first }) => first)
    },
    set: (faults) => server.set(faults),
    heal: () => server.set([]),
    stopListening: () => server.stopListening(),
    listenAgain: () => server.listenAgain(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function viewOfConnection(connection: ProxiedConnection, index: number): FaultyConnection {
  return {
    index,
    ended: connection.ended,
    get bytesUp() {
      return connection.passed('up')
    },
    get bytesDown() {
      return connection.passed('down')
    },
    get faults() {
      return connection.faults
    },
    get isOpen() {
      return connection.isOpen
    },
    get error() {
      return connection.error
    },
    set: (faults) => connection.set(readFaultList('set', 'faults', faults)),
  }
}

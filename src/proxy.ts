/**
 * The composition root: a config becomes rooms, and the rooms are introduced to each other. It owns the
 * listeners, the set of connections and whether they are draining; the config is one frozen value.
 */
import { Cluster } from './cluster/cluster.js'
import type { DialOptions } from './cluster/dial.js'
import type { ProxyConfig } from './config/input.js'
import type { Config } from './config/schema.js'
import { validateConfig } from './config/validate.js'
import { Connection, type ConnectionHost, type Destination } from './connection/connection.js'
import { createReception, type Reception } from './connection/reception.js'
import { MillraceError } from './errors.js'
import { createEngine } from './io/choose-engine.js'
import type { Engine } from './io/engine.js'
import { Sweep } from './io/sweep.js'
import { Listener } from './listener/listener.js'
import { announceCertificates, announceCluster } from './observe/announcements.js'
import { createLog, type Log } from './observe/log.js'
import { type RecordEnding, toRecord } from './observe/record.js'
import { type ProxyStatus, Totals } from './observe/status.js'
import { UlidSource } from './observe/ulid.js'
import { createPipeCounters, type PipeSettings } from './pipe/options.js'
import { Origination } from './tls/origination.js'

export interface ProxyOptions {
  /** Where logs and records go. Default: pino on stdout with the config's `log.level`, pretty on a terminal. */
  readonly log?: Log
  /** Listen with SO_REUSEPORT, so that several processes can have the same address. Default false. */
  readonly sharePorts?: boolean
}

export interface DrainOptions {
  /** Connections still running after this many ms are cut. Default: the config's `drainMs`. 0: they never are. */
  readonly deadlineMs?: number
}

export interface DrainResult {
  /** Connections that ended by themselves while draining. */
  readonly finished: number
  /** Connections that were cut at the deadline. */
  readonly cut: number
}

export interface Proxy {
  /**
   * Listens on every listener or on none. Rejects with `listen-failed`, naming the listener and what to do, and
   * with `wrong-state` when it was started before, or is drained or stopped before it listens.
   */
  start(): Promise<void>
  /** Facts and figures of this moment. */
  status(): ProxyStatus
  /** Accepts no more, lets what runs finish, cuts the rest at the deadline. Resolves when nothing is left. */
  drain(options?: DrainOptions): Promise<DrainResult>
  /** Ends everything now. Resolves when nothing is left. */
  stop(): Promise<void>
}

/**
 * A proxy of this config, not yet started.
 *
 * @throws MillraceError `config-invalid`, whose `problems` list everything that is wrong with the config.
 */
export function createProxy(config: ProxyConfig, options: ProxyOptions = {}): Proxy {
  return new RunningProxy(validateConfig(config), options)
}

/** As `createProxy`, for a config that has been validated. */
export function createValidatedProxy(config: Config, options: ProxyOptions = {}): Proxy {
  return new RunningProxy(config, options)
}

type State = 'new' | 'running' | 'draining' | 'stopped'

class RunningProxy implements Proxy, ConnectionHost {
  readonly dialOptions: DialOptions
  readonly #counters = createPipeCounters()
  readonly #config: Config
  readonly #log: Log
  readonly #sharePorts: boolean
  readonly engine: Engine
  readonly #listeners: readonly Listener[]
  readonly #clusters: ReadonlyMap<string, Destination>
  /** Of the listeners that have one. */
  readonly #receptions = new Map<Listener, Reception>()
  readonly #connections = new Sweep<Connection>()
  readonly #shortestTimeoutMs: number
  readonly #totals = new Totals()
  readonly #ids = new UlidSource()
  readonly #toldReasons = new Set<string>()
  #state: State = 'new'
  #whenEmpty: (() => void) | undefined

  constructor(config: Config, options: ProxyOptions) {
    this.#config = config
    this.dialOptions = { connectMs: config.timeouts.connectMs }
    this.#log = options.log ?? createLog({ level: config.log.level })
    this.#sharePorts = options.sharePorts ?? false
    this.engine = createEngine()
    const { idleMs, halfClosedMs, lifetimeMs } = config.timeouts
    this.#shortestTimeoutMs = shortest([idleMs, halfClosedMs, lifetimeMs])
    this.#listeners = config.listeners.map((each) => new Listener(each))
    this.#clusters = new Map(
      Object.entries(config.clusters).map(([name, each]) => [name, this.#found(name, each)]),
    )
    for (const [index, each] of config.listeners.entries()) this.#receive(this.#listeners[index]!, each)
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') throw wrongState(this.#state)
    this.#state = 'running'
    this.engine.sizePipes(this.#config.kernelPipeBytes)
    for (const { cluster } of this.#clusters.values()) cluster.start()
    for (const { termination } of this.#receptions.values()) termination?.start()
    try {
      for (const listener of this.#listeners) {
        await this.#open(listener)
        // It may have been told to end in the meantime.
        if (!this.#isRunning) throw wrongState(this.#state)
      }
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#tellIfNotSplicing()
  }

  status(): ProxyStatus {
    return {
      state: this.#state,
      engine: this.engine.kind,
      notSplicing: this.#config.splice === 'off' ? 'switched-off' : this.engine.notSplicing,
      listeners: this.#listeners.map((listener) => listener.status()),
      clusters: [...this.#clusters.values()].map(({ cluster }) => cluster.status()),
      connections: this.#totals.with(this.#connections.members()),
      pipes: this.#counters,
      kernel: this.engine.counts(),
      unavailable:
        this.engine.kind === 'kernel' ? [] : ['splice', 'round-trip times', 'shared ports (SO_REUSEPORT)'],
    }
  }

  async drain(options: DrainOptions = {}): Promise<DrainResult> {
    const deadlineMs = options.deadlineMs ?? this.#config.timeouts.drainMs
    this.#closeListeners('draining')
    const before = this.#connections.size
    let cut = 0
    const deadline = setTimeout(() => {
      cut = this.#connections.size
      this.#cutAll()
    }, deadlineMs)
    if (deadlineMs === 0) clearTimeout(deadline)
    await this.#emptied()
    clearTimeout(deadline)
    await this.stop()
    return { finished: before - cut, cut }
  }

  async stop(): Promise<void> {
    this.#closeListeners('stopped')
    for (const { cluster } of this.#clusters.values()) cluster.stop()
    for (const { termination } of this.#receptions.values()) termination?.stop()
    this.#cutAll()
    await this.#emptied()
  }

  reception(listener: Listener): Reception | undefined {
    return this.#receptions.get(listener)
  }

  destination(cluster: string): Destination | undefined {
    return this.#clusters.get(cluster)
  }

  nextId(): string {
    return this.#ids.next()
  }

  routeFailed(connection: Connection, error: unknown): void {
    this.#log.error(
      { ...connection.describe(), err: error },
      'a route function failed: its client was turned away',
    )
  }

  ended(connection: Connection, ending: RecordEnding): void {
    this.#connections.delete(connection)
    connection.listener.active--
    this.#totals.add(connection.totals)
    this.#writeRecord(connection, ending)
    this.#tellIfNotSplicing()
    if (this.#connections.size === 0) this.#whenEmpty?.()
  }

  get #isRunning(): boolean {
    return this.#state === 'running'
  }

  async #open(listener: Listener): Promise<void> {
    await listener.open(this.engine, this.#sharePorts, {
      accepted: (at, client, from) => this.#accepted(new Connection(this, at, client, from)),
      paused: ({ options }, errno) =>
        this.#log.warn({ listener: options.name, errno }, `accepting pauses: out of resources (${errno})`),
    })
    const { name, address } = listener.status()
    this.#log.info({ listener: name, address, engine: this.engine.kind }, `listening on ${address}`)
  }

  #accepted(connection: Connection): void {
    this.#connections.add(connection, this.#shortestTimeoutMs)
    connection.start()
  }

  #writeRecord(connection: Connection, ending: RecordEnding): void {
    if (ending.cause === 'infinite-loop') {
      this.#log.error(
        connection.describe(),
        'a pipe stayed ready without progress and was cut: please report this',
      )
    }
    if (!this.#config.log.access || !this.#log.isLevelEnabled('info')) return
    const facts = { id: this.#ids.next(), ...connection.facts(), ended: ending }
    this.#log.info(toRecord(facts), 'connection')
  }

  /** Why this process does not splice is said once, and once more if that changes. */
  #tellIfNotSplicing(): void {
    const reason = this.engine.notSplicing
    if (reason === undefined || this.#config.splice === 'off' || this.#toldReasons.has(reason)) return
    this.#toldReasons.add(reason)
    this.#log.warn({ notSplicing: reason }, `copying instead of splicing: ${reason}`)
  }

  #closeListeners(state: State): void {
    this.#state = state
    for (const listener of this.#listeners) listener.close()
  }

  #cutAll(): void {
    for (const connection of this.#connections.members()) connection.end()
  }

  async #emptied(): Promise<void> {
    if (this.#connections.size === 0) return
    await new Promise<void>((resolve) => {
      const earlier = this.#whenEmpty
      this.#whenEmpty = () => {
        earlier?.()
        resolve()
      }
    })
  }

  #receive(listener: Listener, config: Config['listeners'][number]): void {
    const { firstBytesMs } = this.#config.timeouts
    const isTold = (cluster: string): boolean => {
      const { sendProxy, tls } = this.#config.clusters[cluster]!
      return sendProxy !== undefined || tls !== undefined
    }
    const announce = announceCertificates(this.#log, config.name)
    const reception = createReception(config, firstBytesMs, isTold, announce)
    if (reception !== undefined) this.#receptions.set(listener, reception)
  }

  #found(name: string, options: Config['clusters'][string]): Destination {
    const { idleMs, halfClosedMs, lifetimeMs } = this.#config.timeouts
    const cluster = new Cluster(name, options, this.engine, announceCluster(this.#log, name))
    const settings: PipeSettings = {
      splice: this.#config.splice,
      halfClose: options.halfClose,
      idleTimeoutMs: idleMs,
      halfClosedTimeoutMs: halfClosedMs,
      maxLifetimeMs: lifetimeMs,
    }
    const { sendProxy, tls } = options
    return {
      cluster,
      pipes: { turns: this.engine.turns, settings, counters: this.#counters },
      manners: {
        sendProxy,
        origination: tls && new Origination(tls),
        responseMs: this.#config.timeouts.responseMs,
        idleMs,
      },
    }
  }
}

function wrongState(state: State): MillraceError {
  return new MillraceError('wrong-state', `a proxy starts once, this one is ${state}`)
}

function shortest(timeoutsMs: readonly number[]): number {
  const set = timeoutsMs.filter((ms) => ms > 0)
  return set.length === 0 ? 0 : Math.min(...set)
}

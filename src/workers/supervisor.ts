/**
 * Many cores are many processes: the supervisor forks the workers, gives each the same config, replaces one
 * that dies and passes on what an operator orders. It accepts no connection and forwards no byte.
 */
import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import type { Address } from '../address.js'
import type { DrainOrder, DrainResult, Reloaded } from '../admin/control.js'
import type { LogLevel } from '../config/input.js'
import type { ListenerConfig } from '../config/listener-schema.js'
import type { Config } from '../config/schema.js'
import { createEngine } from '../io/choose-engine.js'
import { Listener, type ListenerHooks } from '../listener/listener.js'
import type { Log } from '../observe/log.js'
import { timesOf } from '../proxy/drain.js'
import type { Surroundings } from '../proxy/proxy-control.js'
import { Crew, send } from './crew.js'
import { CrewControl } from './crew-control.js'
import type { ToSupervisor } from './messages.js'

/** A worker that dies is replaced after this long, doubled while replacements die too (ms). */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** A worker that lived this long counts as having worked (ms). */
const PROVEN_AFTER_MS = 10_000

/** Whoever connects in the moment of the probe connects again. */
const TURNS_AWAY: ListenerHooks = {
  accepted: (_listener, client) => client.reset(),
  paused: () => {},
}

export function workerCount(workers: Config['workers']): number {
  return workers === 'auto' ? availableParallelism() : workers
}

export class Supervisor extends CrewControl {
  readonly #crew: Crew
  readonly #log: Log
  readonly #surroundings: Surroundings
  readonly #engine = createEngine()
  /** As it was loaded, and with the ports in use where 0 was asked for: what workers get. */
  #loaded: Config
  #config: Config
  #isStopping = false
  #pauseMs = FIRST_PAUSE_MS
  #reloading: Promise<unknown> = Promise.resolve()

  constructor(config: Config, log: Log, surroundings: Surroundings) {
    const crew = new Crew()
    super(crew)
    this.#crew = crew
    this.#loaded = config
    this.#config = config
    this.#log = log
    this.#surroundings = surroundings
  }

  /** Resolves when every worker listens; rejects with `listen-failed`, before forking, where one could not. */
  async start(): Promise<void> {
    this.#config = await this.#withPorts(this.#loaded)
    const count = workerCount(this.#config.workers)
    await Promise.all(Array.from({ length: count }, (_, place) => this.#fork(place)))
    this.#log.info({ workers: count }, `${count} workers`)
  }

  /** Workers that have drained everything are gone, and so is what there was to supervise. */
  override async drain(order: DrainOrder): Promise<DrainResult> {
    const { listener, cluster, backend } = order
    if (listener !== undefined || cluster !== undefined || backend !== undefined) return super.drain(order)
    // Nobody is ended by an order that makes no sense.
    timesOf(order, this.#loaded.timeouts.drainMs)
    this.#isStopping = true
    const exits = this.#crew.workers.map(
      (worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())),
    )
    const result = await super.drain(order)
    await Promise.all(exits)
    this.#surroundings.ended()
    return result
  }

  override async setLogLevel(level: LogLevel): Promise<{ readonly level: LogLevel }> {
    this.#log.level = level
    return super.setLogLevel(level)
  }

  override async reopenLogs(): Promise<void> {
    await Promise.all([this.#surroundings.reopenLogs(), super.reopenLogs()])
  }

  /** One after the other: each compares itself with what the one before has left. */
  reload(): Promise<Reloaded> {
    const reloaded = this.#reloading.then(() => this.#takeUp())
    this.#reloading = reloaded.catch((error: unknown) =>
      this.#log.error({ err: error }, 'the reload failed: the old config stays'),
    )
    return reloaded
  }

  async #takeUp(): Promise<Reloaded> {
    const loaded = this.#surroundings.load()
    const config = await this.#withPorts(loaded)
    const answers = await Promise.all(
      this.#crew.places.map((place) =>
        this.#crew.askAt<Reloaded>(place, { method: 'takeUp', args: [configOf(place, config)] }),
      ),
    )
    if (loaded.log.level !== this.#loaded.log.level) this.#log.level = loaded.log.level
    this.#loaded = loaded
    this.#config = config
    return answers.find((answer) => answer !== undefined) ?? { changed: [], needsRestart: [] }
  }

  async #fork(place: number): Promise<void> {
    const worker = cluster.fork()
    const forkedAt = performance.now()
    this.#crew.join(place, worker)
    worker.once('exit', (code, signal) => {
      if (!this.#isStopping) this.#replace(place, performance.now() - forkedAt, { code, signal })
    })
    await new Promise<void>((resolve) => {
      worker.on('message', ({ kind }: ToSupervisor) => {
        if (kind === 'hello') send(worker, { kind: 'start', config: configOf(place, this.#config) })
        else if (kind === 'ready') resolve()
      })
      worker.once('exit', () => resolve())
    })
  }

  #replace(place: number, livedMs: number, exit: { code: number; signal: string }): void {
    this.#pauseMs = livedMs > PROVEN_AFTER_MS ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
    this.#log.error({ worker: place, ...exit, pauseMs: this.#pauseMs }, 'a worker died and is replaced')
    setTimeout(() => {
      if (!this.#isStopping) void this.#fork(place)
    }, this.#pauseMs)
  }

  /**
   * Workers share an address, and sharing hides that somebody else has it: so a new one is asked for once without
   * sharing. Port 0 becomes the port that all workers are to have.
   */
  async #withPorts(loaded: Config): Promise<Config> {
    const listeners: ListenerConfig[] = []
    for (const listener of loaded.listeners) {
      const address = this.#inUse(listener) ?? (await this.#probe(listener))
      listeners.push({ ...listener, address })
    }
    return { ...loaded, listeners }
  }

  /** Where the workers listen already for a listener of this address. */
  #inUse({ name, address }: ListenerConfig): Address | undefined {
    if (this.#loaded === this.#config) return undefined
    const isFixed = address.kind === 'unix' || address.port !== 0
    const index = this.#loaded.listeners.findIndex(
      (known) => isDeepStrictEqual(known.address, address) && (isFixed || known.name === name),
    )
    return this.#config.listeners[index]?.address
  }

  async #probe(options: ListenerConfig): Promise<Address> {
    const probe = new Listener(options)
    await probe.open(this.#engine, false, TURNS_AWAY)
    const { address } = probe
    probe.close()
    return address
  }
}

/** A path cannot be shared as a port can (SO_REUSEPORT): unix sockets are the first worker's. */
function configOf(place: number, config: Config): Config {
  if (place === 0) return config
  return { ...config, listeners: config.listeners.filter(({ address }) => address.kind === 'tcp') }
}

/**
 * Many cores are many processes: the supervisor forks the workers, gives each the same config, replaces one
 * that dies and passes a drain on. It accepts no connection and forwards no byte.
 */
import cluster, { type Worker } from 'node:cluster'
import { availableParallelism } from 'node:os'
import type { Address } from '../address.js'
import type { Config } from '../config/schema.js'
import { createEngine } from '../io/choose-engine.js'
import { Listener, type ListenerHooks, type ListenerOptions } from '../listener/listener.js'
import type { Log } from '../observe/log.js'
import type { ToSupervisor, ToWorker } from './messages.js'

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

export class Supervisor {
  readonly #config: Config
  readonly #log: Log
  readonly #engine = createEngine()
  readonly #workers = new Map<number, Worker>()
  #isStopping = false
  #pauseMs = FIRST_PAUSE_MS

  constructor(config: Config, log: Log) {
    this.#config = config
    this.#log = log
  }

  /** Resolves when every worker listens; rejects with `listen-failed`, before forking, where one could not. */
  async start(): Promise<void> {
    const listeners = []
    for (const listener of this.#config.listeners) {
      listeners.push({ ...listener, address: await this.#probe(listener) })
    }
    const config = { ...this.#config, listeners }
    const count = workerCount(config.workers)
    await Promise.all(Array.from({ length: count }, (_, index) => this.#fork(index, config)))
    this.#log.info({ workers: count }, `${count} workers`)
  }

  /** Passes the drain on and resolves when every worker has exited. */
  async drain(): Promise<void> {
    this.#isStopping = true
    const exits = [...this.#workers.values()].map(
      (worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())),
    )
    for (const worker of this.#workers.values()) send(worker, { kind: 'drain' })
    await Promise.all(exits)
  }

  async #fork(index: number, config: Config): Promise<void> {
    const worker = cluster.fork()
    const forkedAt = performance.now()
    this.#workers.set(index, worker)
    worker.once('exit', (code, signal) => {
      this.#workers.delete(index)
      if (!this.#isStopping) this.#replace(index, config, performance.now() - forkedAt, { code, signal })
    })
    await new Promise<void>((resolve) => {
      worker.on('message', ({ kind }: ToSupervisor) => {
        if (kind === 'hello') send(worker, { kind: 'start', config: configOf(index, config) })
        else resolve()
      })
      worker.once('exit', () => resolve())
    })
  }

  #replace(index: number, config: Config, livedMs: number, exit: { code: number; signal: string }): void {
    this.#pauseMs = livedMs > PROVEN_AFTER_MS ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
    this.#log.error({ worker: index, ...exit, pauseMs: this.#pauseMs }, 'a worker died and is replaced')
    setTimeout(() => {
      if (!this.#isStopping) void this.#fork(index, config)
    }, this.#pauseMs)
  }

  /**
   * Workers share an address, and sharing hides that somebody else has it: so it is asked for once without
   * sharing. Port 0 becomes the port that all workers are to have.
   */
  async #probe(options: ListenerOptions): Promise<Address> {
    const probe = new Listener(options)
    await probe.open(this.#engine, false, TURNS_AWAY)
    const { address } = probe
    probe.close()
    return address
  }
}

/** A path cannot be shared as a port can (SO_REUSEPORT): unix sockets are the first worker's. */
function configOf(index: number, config: Config): Config {
  if (index === 0) return config
  return { ...config, listeners: config.listeners.filter(({ address }) => address.kind === 'tcp') }
}

function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message)
}

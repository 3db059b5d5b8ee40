/**
 * A supervisor and its workers on a simulated machine, with clients, backends and an operator. Time passes only when the
 * world is told so. The world does what it is told. invariants.ts has the rules.
 */
import type { Config } from '../../../src/config/schema.js'
import type { Control } from '../../../src/control/control.js'
import { MillraceError } from '../../../src/errors.js'
import type { WorkerProcess, WorkerProcessHooks } from '../../../src/workers/slots/worker-process.js'
import { Supervisor } from '../../../src/workers/supervisor.js'
import { WorkersControl } from '../../../src/workers/workers-control.js'
import type { VirtualClock } from '../clock.js'
import { type FarEnd, Machine } from '../kernel/machine.js'
import { simulatedLog } from '../log.js'
import { Random } from '../random.js'
import { callOf } from '../world/calls.js'
import { Client } from '../world/client.js'
import { AT_ONCE } from '../world/peer.js'
import { BackendServer, ServerSide } from '../world/server.js'
import { Violation } from '../world/violation.js'
import { CheckedBackends } from './checked.js'
import { Process } from './process.js'
import { addressOf, BACKENDS, backendName, type ListenerName } from './setting.js'
import { SimulatedWorker } from './simulated-worker.js'

/** A machine that needs more turns than this never comes to rest. */
const MOST_TURNS = 20_000
const FIRST_PID = 100
const ALL = Number.MAX_SAFE_INTEGER

export class World {
  readonly clock: VirtualClock
  readonly configs: readonly Config[]
  readonly machine = new Machine()
  readonly supervisor: Supervisor
  readonly control: Control
  /** What its checks find out. */
  readonly checked = new CheckedBackends()
  /** The process of the supervisor. */
  readonly process: Process
  /** All workers that ever ran. */
  readonly workers: SimulatedWorker[] = []
  readonly clients = new Map<string, Client>()
  readonly serverSides = new Map<string, ServerSide>()
  readonly servers: readonly BackendServer[]
  /** The clients of all records. */
  readonly records: string[] = []
  readonly complaints: string[] = []
  /** The counts of the last status. */
  counts: ReadonlyMap<string, number> = new Map()
  /** How many of the next forks fail. */
  failingForks = 0
  /** The number of orders without an answer, and how often the supervisor has told that it ended. */
  openOrders = 0
  ended = 0
  /** The first error that a later callback threw. */
  broken: unknown
  variant = 0
  /** Called after each turn. */
  watch: (world: World) => void = () => {}
  #random = new Random(1)

  /** The clock must be installed. */
  constructor(clock: VirtualClock, configs: readonly Config[]) {
    this.clock = clock
    this.configs = configs
    this.process = new Process(clock, this.machine, this.#random)
    this.servers = BACKENDS.map((place) => this.#serverAt(place))
    const surroundings = {
      load: () => ({ config: configs[this.variant]! }),
      reopenLogs: async () => {},
      ended: () => {
        this.ended += 1
      },
    }
    this.supervisor = this.process.run(() => {
      const log = simulatedLog(
        configs[0]!.log,
        () => true,
        () => {},
      )
      const options = {
        engine: this.process.createEngine(),
        tables: this.process.tables,
        fork: (hooks: WorkerProcessHooks) => this.#fork(hooks),
        probes: this.checked,
      }
      return new Supervisor(configs[0]!, log, surroundings, options)
    })
    this.control = new WorkersControl(this.supervisor)
  }

  get alive(): readonly SimulatedWorker[] {
    return this.workers.filter(({ isGone }) => !isGone)
  }

  /** From now on `random` decides everything. */
  take(random: Random): void {
    this.#random = random
    for (const { kernel } of this.#processes()) kernel.random = random
  }

  /** Asks something of the supervisor. `look` gets the answer when it comes. */
  order<Value>(ask: () => Promise<Value>, look: (value: Value) => void = () => {}): void {
    this.openOrders += 1
    const done = (): void => {
      this.openOrders -= 1
    }
    const failed = (error: unknown): void => {
      if (!(error instanceof MillraceError)) this.broken ??= error
    }
    this.process.run(() => {
      void ask().then(look).catch(failed).then(done)
    })
  }

  connect(number: number, listener: ListenerName): void {
    const address = { host: `10.0.0.${number + 1}`, port: 50_000 + number }
    const far = this.process.kernel.connectFrom(address, addressOf(listener))
    if (far === undefined) return
    const client = new Client(number, callOf('plain', 'plain'), address, far, AT_ONCE, this.serverSides)
    this.clients.set(client.name, client)
  }

  /** One turn in a restless world: only some of what is due happens. */
  restlessTurn(random: Random): void {
    this.clock.now += random.int(0, 4) / 4
    for (const peer of this.#peers()) if (random.chance(0.7)) peer.pump(random.size(1 << 16))
    this.machine.network.stir(random)
    this.#turn(random)
  }

  /** Lets `ms` pass, or less once `isDone` is true. Everything that is due happens. */
  pass(ms: number, isDone: () => boolean = () => false): void {
    this.#setRestless(false)
    const end = this.clock.now + ms
    for (let turns = 0; !isDone(); turns++) {
      if (turns > MOST_TURNS) throw new Violation('the machine comes to rest', `not in ${MOST_TURNS} turns`)
      const hasMoved = this.#pumpAll()
      if (this.#turn(undefined) || hasMoved || this.#isBusy) continue
      if (this.clock.now >= end) break
      this.clock.now = Math.max(this.clock.now, Math.min(this.clock.nextAt ?? end, end))
    }
    if (this.broken !== undefined) throw this.broken
    this.#setRestless(true)
  }

  get #isBusy(): boolean {
    return this.clock.hasImmediates || this.process.isBusy || this.workers.some(({ isBusy }) => isBusy)
  }

  #turn(random: Random | undefined): boolean {
    this.clock.runTimers()
    let hasMoved = this.process.collect()
    for (const worker of [...this.workers]) hasMoved = worker.turn(random) || hasMoved
    this.clock.runImmediates()
    if (this.broken !== undefined) throw this.broken
    this.watch(this)
    return hasMoved
  }

  #pumpAll(): boolean {
    let hasMoved = this.machine.network.bringAll()
    for (const peer of this.#peers()) hasMoved = peer.pump(ALL) || hasMoved
    return hasMoved
  }

  #setRestless(isRestless: boolean): void {
    for (const { kernel } of this.#processes()) kernel.isRestless = isRestless
  }

  #processes(): readonly Process[] {
    return [this.process, ...this.workers.map(({ process }) => process)]
  }

  #peers(): readonly (Client | ServerSide)[] {
    return [...this.clients.values(), ...this.serverSides.values()]
  }

  /** Forks a worker. As with Node, a fork that fails throws at once or reports the failure later. */
  #fork(hooks: WorkerProcessHooks): WorkerProcess {
    if (this.failingForks > 0) {
      this.failingForks -= 1
      if (this.#random.chance(0.5)) throw new Error('spawn EAGAIN')
      setImmediate(() => hooks.exited({ why: 'spawn EAGAIN' }))
      return { pid: undefined, isConnected: false, send: () => {}, kill: () => {} }
    }
    const process = new Process(this.clock, this.machine, this.#random)
    process.kernel.isRestless = this.process.kernel.isRestless
    const notes = {
      record: (_: unknown, { client }: { readonly client: string }) => this.records.push(client) > 0,
      complain: (complaint: string) => void this.complaints.push(complaint),
    }
    const worker = new SimulatedWorker(FIRST_PID + this.workers.length, process, this.process, hooks, notes)
    this.workers.push(worker)
    return worker
  }

  #serverAt(place: (typeof BACKENDS)[number]): BackendServer {
    const server = new BackendServer(place, 'main', {
      random: () => this.#random,
      accept: (from, far) => this.#accept(from, far),
    })
    this.machine.servers.set(backendName(place), server)
    return server
  }

  #accept(server: BackendServer, far: FarEnd): ServerSide {
    const side = new ServerSide(this.serverSides.size, server, far, this.clients)
    this.serverSides.set(side.name, side)
    return side
  }
}

/**
 * A supervisor and its workers on a simulated machine, with clients, backends and an operator. Another supervisor may take its place.
 * Time passes only when the world is told so. The world does what it is told. invariants.ts has the rules.
 */
import type { Config } from '../../../src/config/schema.js'
import type { Control } from '../../../src/control/control.js'
import { MillraceError } from '../../../src/errors.js'
import type { ConnectionFacts, RecordEnding } from '../../../src/observe/records/record.js'
import type { SuccessorHooks } from '../../../src/upgrade/successor-process.js'
import type { WorkerProcess, WorkerProcessHooks } from '../../../src/workers/slots/worker-process.js'
import type { Supervisor } from '../../../src/workers/supervisor.js'
import type { VirtualClock } from '../clock.js'
import { type FarEnd, Machine } from '../kernel/machine.js'
import { Random } from '../random.js'
import { callOf } from '../world/calls.js'
import { Client } from '../world/client.js'
import { AT_ONCE } from '../world/peer.js'
import { BackendServer, ServerSide } from '../world/server.js'
import { Violation } from '../world/violation.js'
import { CheckedBackends } from './checked.js'
import { MainProcess } from './main-process.js'
import { Process } from './process.js'
import { addressOf, BACKENDS, backendName, type ListenerName } from './setting.js'
import { SimulatedSuccessor } from './simulated-successor.js'
import { SimulatedWorker } from './simulated-worker.js'

/** A machine that needs more turns than this never comes to rest. */
const MOST_TURNS = 20_000
const FIRST_PID = 100
const ALL = Number.MAX_SAFE_INTEGER

export class World {
  readonly clock: VirtualClock
  readonly configs: readonly Config[]
  readonly machine = new Machine()
  /** What checks find out. */
  readonly checked = new CheckedBackends()
  /** The processes of all supervisors that ever ran. */
  readonly mains: MainProcess[] = []
  /** All workers that ever ran. */
  readonly workers: SimulatedWorker[] = []
  readonly clients = new Map<string, Client>()
  readonly serverSides = new Map<string, ServerSide>()
  readonly servers: readonly BackendServer[]
  /** Clients whose connections may have ended with the process that was killed. */
  readonly lost = new Set<string>()
  /** The clients of all records, and how their connections ended. */
  readonly records: string[] = []
  readonly endings: RecordEnding[] = []
  /** How many there were when the story was brought to its end. */
  endingsAtEnd = 0
  readonly complaints: string[] = []
  /** The counts of the last status. */
  counts: ReadonlyMap<string, number> = new Map()
  /** How many of the next forks fail. */
  failingForks = 0
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
    this.servers = BACKENDS.map((place) => this.#serverAt(place))
    const process = new Process(clock, this.machine, this.#random)
    const main = this.#addMain(process)
    process.run(() => main.begin())
  }

  /** The process that clients and operators reach: the newest one that answers on the admin address, or else the newest one. */
  get main(): MainProcess {
    const alive = this.mains.filter(({ isGone, supervisor }) => !isGone && supervisor !== undefined)
    return (
      alive.findLast(({ hasAdmin }) => hasAdmin) ??
      alive.at(-1) ??
      this.mains.findLast(({ supervisor }) => supervisor !== undefined)!
    )
  }

  /** Whether one supervisor runs, and no other one is about to take its place or still has connections. */
  get isSettled(): boolean {
    const alive = this.mains.filter(({ isGone }) => !isGone)
    return alive.length === 1 && alive[0]!.hasAdmin
  }

  /** Supervisors that hang go on, and so do workers that have none. */
  wakeMains(): void {
    const orphans = this.workers.filter(({ supervisor }) => supervisor.state === 'gone')
    for (const { process } of [...this.mains, ...orphans])
      if (process.state === 'hangs') process.state = 'runs'
  }

  /** Whether no supervisor runs any more. */
  get isOver(): boolean {
    return this.mains.every(({ isGone }) => isGone)
  }

  get process(): Process {
    return this.main.process
  }

  get supervisor(): Supervisor {
    return this.main.supervisor!
  }

  get control(): Control {
    return this.main.routed!.control
  }

  get openOrders(): number {
    return this.mains.reduce((sum, { isGone, openOrders }) => sum + (isGone ? 0 : openOrders), 0)
  }

  get alive(): readonly SimulatedWorker[] {
    return this.workers.filter(({ isGone }) => !isGone)
  }

  /** From now on this seed decides everything. */
  lucky(luck: number): Random {
    const random = new Random(luck)
    this.take(random)
    return random
  }

  /** From now on `random` decides everything. */
  take(random: Random): void {
    this.#random = random
    for (const { kernel } of this.#processes()) kernel.random = random
  }

  /** Asks something of the process that operators reach. `look` gets the answer when it comes. */
  order<Value>(ask: () => Promise<Value>, look: (value: Value) => void = () => {}): void {
    const { main } = this
    if (main.isGone) return
    main.openOrders += 1
    const done = (): void => {
      main.openOrders -= 1
    }
    const failed = (error: unknown): void => {
      if (!(error instanceof MillraceError)) this.broken ??= error
    }
    main.process.run(() => {
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
    const links = this.mains.flatMap(({ link }) => link ?? [])
    const all = [...this.mains.map(({ process }) => process), ...links, ...this.workers]
    return this.clock.hasImmediates || all.some(({ isBusy }) => isBusy)
  }

  #turn(random: Random | undefined): boolean {
    this.clock.runTimers()
    let hasMoved = false
    for (const { process, link } of [...this.mains]) {
      hasMoved = process.collect() || hasMoved
      link?.turn(random)
    }
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
    return [...this.mains, ...this.workers].map(({ process }) => process)
  }

  #peers(): readonly (Client | ServerSide)[] {
    return [...this.clients.values(), ...this.serverSides.values()]
  }

  #addMain(process: Process, link?: SimulatedSuccessor): MainProcess {
    const main: MainProcess = new MainProcess(
      process,
      {
        load: () => this.configs[this.variant]!,
        fork: (hooks) => this.#fork(main, hooks),
        start: (fds, hooks) => this.#startSuccessor(main, fds, hooks),
        probes: this.checked,
        folder: () => `/${this.mains.indexOf(main)}`,
        broke: (error) => {
          this.broken ??= error
        },
      },
      link,
    )
    this.mains.push(main)
    return main
  }

  #startSuccessor(
    { process: predecessor }: MainProcess,
    fds: readonly number[],
    hooks: SuccessorHooks,
  ): SimulatedSuccessor {
    const process = this.#newProcess()
    const pid = FIRST_PID + this.workers.length + this.mains.length
    const link = new SimulatedSuccessor(pid, process, predecessor, fds, hooks)
    const main = this.#addMain(process, link)
    link.boot(() => main.begin())
    return link
  }

  #newProcess(): Process {
    const process = new Process(this.clock, this.machine, this.#random)
    process.kernel.isRestless = this.mains[0]!.process.kernel.isRestless
    return process
  }

  /** Forks a worker. As with Node, a fork that fails throws at once or reports the failure later. */
  #fork(main: MainProcess, hooks: WorkerProcessHooks): WorkerProcess {
    if (this.failingForks > 0) {
      this.failingForks -= 1
      if (this.#random.chance(0.5)) throw new Error('spawn EAGAIN')
      setImmediate(() => hooks.exited({ why: 'spawn EAGAIN' }))
      return { pid: undefined, isConnected: false, send: () => {}, kill: () => {} }
    }
    const notes = {
      countsFd: main.supervisor!.table.fd!,
      record: (_: string, { client }: ConnectionFacts, ending: RecordEnding | undefined) => {
        if (ending === undefined) return true
        this.endings.push(ending)
        return this.records.push(client) > 0
      },
      complain: (complaint: string) => void this.complaints.push(complaint),
      killed: (process: Process) => {
        for (const client of process.kernel.peers()) this.lost.add(client)
      },
    }
    const pid = FIRST_PID + this.workers.length
    const worker = new SimulatedWorker(pid, this.#newProcess(), main.process, hooks, notes)
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

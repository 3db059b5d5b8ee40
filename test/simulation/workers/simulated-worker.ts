/**
 * A worker's process: the real worker's code with its own fds and timers, and its channel to the supervisor. It may end or
 * hang at any time. The supervisor hears of that later, as of everything.
 */
import type { ServerHandle } from '../../../src/io/listening/server-handle.js'
import type { Counts } from '../../../src/limits/counts/counts.js'
import { createOwnCounts } from '../../../src/limits/counts/own-counts.js'
import { SharedCounts } from '../../../src/limits/counts/shared-counts.js'
import type { WriteRecord } from '../../../src/observe/log/log-place.js'
import type { CountsSeat, ToSupervisor, ToWorker } from '../../../src/workers/messages.js'
import type { OwnProcess } from '../../../src/workers/own-process.js'
import type { Exit, WorkerProcess, WorkerProcessHooks } from '../../../src/workers/slots/worker-process.js'
import { runWorker } from '../../../src/workers/worker.js'
import type { AcceptQueue } from '../kernel/accept-queue.js'
import { simulatedLog } from '../log.js'
import type { Random } from '../random.js'
import { Link } from './link.js'
import type { Process } from './process.js'
import { SimulatedHandle } from './simulated-handle.js'

/** How the addresses of clients begin. */
const CLIENTS = '10.0.0.'

export interface WorkerNotes {
  readonly record: WriteRecord
  /** The table of counts that it has inherited. */
  readonly countsFd: number
  complain(complaint: string): void
  /** Called just before the process is killed. */
  killed(process: Process): void
}

export class SimulatedWorker implements WorkerProcess {
  readonly pid: number
  readonly process: Process
  isConnected = true
  /** Clients that it has accepted. */
  readonly accepted = new Set<string>()
  readonly #supervisor: Process
  readonly #hooks: WorkerProcessHooks
  readonly #notes: WorkerNotes
  readonly #down = new Link<ToWorker>()
  readonly #up = new Link<ToSupervisor>()
  #isBooted = false
  #heard: (message: ToWorker, handle: ServerHandle) => void = () => {}
  #left: (() => void) | undefined
  #exit: Exit | undefined
  #isExitTold = false

  constructor(
    pid: number,
    process: Process,
    supervisor: Process,
    hooks: WorkerProcessHooks,
    notes: WorkerNotes,
  ) {
    this.pid = pid
    this.process = process
    this.#supervisor = supervisor
    this.#hooks = hooks
    this.#notes = notes
  }

  /** The process of its supervisor. */
  get supervisor(): Process {
    return this.#supervisor
  }

  get isGone(): boolean {
    return this.process.state === 'gone'
  }

  /** Whether the worker has something to do at once, or a message between it and the supervisor is on its way. */
  get isBusy(): boolean {
    const isHeard = this.#supervisor.state === 'runs'
    if (isHeard && (!this.#up.isEmpty || (this.isGone && (this.isConnected || !this.#isExitTold))))
      return true
    if (this.process.state !== 'runs') return false
    return this.#isAbandoned || !this.#isBooted || !this.#down.isEmpty || this.process.isBusy
  }

  /** Node drops what comes before the worker listens for messages. */
  send(message: ToWorker, handle?: ServerHandle): void {
    if (this.isGone || !this.#isBooted) return
    this.#down.send(message, handle instanceof SimulatedHandle ? handle.queue : undefined)
  }

  kill(): void {
    if (!this.isGone) this.#notes.killed(this.process)
    this.#die({ signal: 'SIGKILL' })
  }

  /** The worker stops running until it is woken. */
  hang(): void {
    if (this.process.state !== 'runs') return
    this.process.state = 'hangs'
    this.process.hasHung = true
  }

  wake(): void {
    if (this.process.state === 'hangs') this.process.state = 'runs'
  }

  /** `random` decides how much of what is due happens. Without it all of it does. Returns whether anything happened. */
  turn(random: Random | undefined): boolean {
    const wasBusy = this.isBusy
    if (this.process.state === 'runs') this.#runOnce(random)
    const hasReported = this.process.collect()
    for (const peer of this.process.kernel.peers()) if (peer.startsWith(CLIENTS)) this.accepted.add(peer)
    this.#tellSupervisor(random)
    return wasBusy || hasReported
  }

  /** Its supervisor is gone, and it has not noticed yet. */
  get #isAbandoned(): boolean {
    return this.#supervisor.state === 'gone' && this.#left !== undefined && this.#down.isEmpty
  }

  #runOnce(random: Random | undefined): void {
    if (!this.#isBooted) {
      if (random?.chance(0.7)) return
      this.#isBooted = true
      this.process.run(() => runWorker(this.#own()))
      return
    }
    for (let most = howMany(this.#down.length, random); most > 0 && !this.isGone; most--) {
      this.#down.bring((message, queue) => this.process.run(() => this.#heard(message, this.#handle(queue))))
    }
    const left = this.#isAbandoned ? this.#left : undefined
    if (left === undefined || random?.chance(0.5)) return
    this.#left = undefined
    this.process.run(left)
  }

  /** The supervisor may hear of the exit before the last messages. It hears of the closed channel after them. */
  #tellSupervisor(random: Random | undefined): void {
    if (this.#supervisor.state !== 'runs') return
    if (this.isGone && !this.#isExitTold && !random?.chance(0.5)) {
      this.#isExitTold = true
      this.#supervisor.run(() => this.#hooks.exited(this.#exit!))
    }
    for (let most = howMany(this.#up.length, random); most > 0; most--) {
      this.#up.bring((message) => this.#supervisor.run(() => this.#hooks.message(message)))
    }
    if (!this.isGone || !this.#up.isEmpty || !this.isConnected || random?.chance(0.5)) return
    this.isConnected = false
    this.#supervisor.run(() => this.#hooks.disconnected())
  }

  #own(): OwnProcess {
    return {
      signals: { heed: () => {} },
      createEngine: (sockets) => this.process.createEngine(sockets),
      openCounts: (seat) => this.#openCounts(seat),
      openLog: (options) => simulatedLog(options, this.#notes.record, this.#notes.complain),
      hear: (heard, left) => {
        this.#heard = heard
        this.#left = left
      },
      tell: (message, told = () => {}) => {
        if (this.isGone) return
        this.#up.send(message)
        process.nextTick(told)
      },
      exit: (code) => this.#die({ code }),
    }
  }

  #openCounts({ worker, workers, sources, isShared }: CountsSeat): Counts {
    return isShared
      ? new SharedCounts(this.process.tables, this.#notes.countsFd, worker)
      : createOwnCounts({ sources, part: { worker, workers } })
  }

  /** The handle that Node gives with a message. Undefined if the message carries no socket. */
  #handle(queue: AcceptQueue | undefined): ServerHandle {
    return queue === undefined
      ? (undefined as unknown as ServerHandle)
      : new SimulatedHandle(this.process.kernel, this.process.kernel.share(queue))
  }

  #die(exit: Exit): void {
    if (this.isGone) return
    this.#exit = exit
    this.process.exit()
    this.#down.lose()
  }
}

const howMany = (all: number, random: Random | undefined): number =>
  random === undefined ? all : random.int(0, all)

/**
 * The process of a supervisor: the real code of a process that serves with workers, with its own fds and timers. It may have been
 * started to take the place of another one, and it may start one that takes its place.
 */
import type { Config } from '../../../src/config/schema.js'
import type { Control } from '../../../src/control/control.js'
import { MillraceError } from '../../../src/errors.js'
import type { SocketSource } from '../../../src/io/listening/given-sockets.js'
import { InheritedSockets } from '../../../src/io/listening/inherited-sockets.js'
import type { ServerHandle } from '../../../src/io/listening/server-handle.js'
import type { Probes } from '../../../src/proxy/health/probes.js'
import { callOn, forwarding, RoutedControl } from '../../../src/upgrade/forwarding.js'
import { socketsOf } from '../../../src/upgrade/inheritance.js'
import { giveConnections, takeConnections } from '../../../src/upgrade/live-connections.js'
import type { Begin } from '../../../src/upgrade/messages.js'
import { Predecessor } from '../../../src/upgrade/predecessor.js'
import { WorkersSuccession } from '../../../src/upgrade/several.js'
import type { StartSuccessor } from '../../../src/upgrade/successor-process.js'
import { Upgrade } from '../../../src/upgrade/upgrade.js'
import type { ForkWorker } from '../../../src/workers/slots/worker-process.js'
import { Supervisor } from '../../../src/workers/supervisor.js'
import { WorkersControl } from '../../../src/workers/workers-control.js'
import { simulatedLog } from '../log.js'
import type { Process } from './process.js'
import type { SimulatedSuccessor } from './simulated-successor.js'

/** No service manager has opened any. */
const NO_SOCKETS: SocketSource = { take: () => undefined, setBorrower: () => {} }

export interface MainHost {
  /** The config of its file, now. */
  load(): Config
  readonly fork: ForkWorker
  readonly start: StartSuccessor
  readonly probes: Probes
  /** A folder that only this process can enter. */
  folder(): string
  /** Its code has thrown what no code of it expects. */
  broke(error: unknown): void
}

export class MainProcess {
  readonly process: Process
  /** The process whose place it takes. */
  readonly link: SimulatedSuccessor | undefined
  /** Undefined: it has not read its config yet. */
  supervisor: Supervisor | undefined
  /** What its admin address asks. */
  routed: RoutedControl | undefined
  /** It answers on the admin address. */
  hasAdmin = false
  /** Clients are for it, or were until another one took its place. */
  hasServed = false
  /** How often it has come to its end by itself, and how many fds were open then. */
  ended = 0
  fdsAtEnd = 0
  /** Orders without an answer. */
  openOrders = 0
  readonly #host: MainHost
  #upgrade: Upgrade | undefined

  constructor(process: Process, host: MainHost, link?: SimulatedSuccessor) {
    this.process = process
    this.#host = host
    this.link = link
  }

  get isGone(): boolean {
    return this.process.state === 'gone'
  }

  /** Reads the config, and begins to serve. Call it within the process. */
  begin(): void {
    const begun = this.link === undefined ? this.#serve() : this.#takePlace(this.link)
    begun.catch((error: unknown) => this.#host.broke(error))
  }

  /** A process whose place it takes is told why it cannot, and then it ends. */
  async #takePlace({ channel, handleOf }: SimulatedSuccessor): Promise<void> {
    let predecessor: Predecessor | undefined
    try {
      predecessor = await Predecessor.meet(channel)
      await this.#serve(predecessor, handleOf)
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      await predecessor?.fail(error)
      this.exit()
    }
  }

  exit(): void {
    this.process.exit()
  }

  kill(): void {
    this.process.exit()
  }

  /** It stops running until it is woken. */
  hang(): void {
    if (this.process.state === 'runs') this.process.state = 'hangs'
  }

  async #serve(predecessor?: Predecessor, handleOf?: (fd: number) => ServerHandle): Promise<void> {
    const begin = await predecessor?.begun.reached
    const supervisor = this.#supervise(begin, handleOf)
    this.supervisor = supervisor
    const own = new WorkersControl(supervisor)
    const counted = predecessor?.beside(own, () => supervisor.config.timeouts.drainMs) ?? own
    const control = this.#withUpgrades(own, counted)
    const succession = new WorkersSuccession(supervisor, control)
    const routed = new RoutedControl(control)
    this.routed = routed
    this.#upgrade = new Upgrade({
      succession,
      routed,
      admin: { sockets: [], leave: () => this.#leaveAdmin() },
      changes: () => [],
      start: this.#host.start,
      predecessorGone: () => (predecessor?.isThere ? predecessor.gone.reached : undefined),
      serves: () => {},
      end: () => {},
      handOver: (paths) => giveConnections(succession, paths),
    })
    await supervisor.start()
    await predecessor?.takeOver(succession)
    this.hasAdmin = true
    this.hasServed = true
    if (predecessor === undefined) return
    await succession.resume()
    const since = Date.now()
    const folder = { path: this.#host.folder(), remove: () => {} }
    await predecessor.serves(await takeConnections(succession, predecessor.gone.reached, () => folder), since)
  }

  #supervise(begin: Begin | undefined, handleOf: ((fd: number) => ServerHandle) | undefined): Supervisor {
    const { load, fork, probes } = this.#host
    const config = load()
    const openLog = simulatedLog(
      config.log,
      () => true,
      () => {},
    )
    const surroundings = {
      load: () => ({ config: load() }),
      reopenLogs: async () => {},
      ended: () => void this.#end(),
      upgrade: () => this.#upgrade!.run(),
    }
    const inherited = begin && socketsOf(begin, new InheritedSockets(NO_SOCKETS, handleOf))
    const options = {
      engine: this.process.createEngine(),
      tables: this.process.tables,
      fork,
      probes,
      ...(inherited && { inherited }),
    }
    const supervisor = new Supervisor(config, openLog, surroundings, options)
    supervisor.desired.isPaused = begin !== undefined
    for (const listener of begin?.drained ?? []) supervisor.desired.orders.drain({ listener })
    return supervisor
  }

  /** As a process that serves does: while it is upgraded, it does not reload. */
  #withUpgrades(own: Control, counted: Control): Control {
    return forwarding((method, args) => callOn(counted, method, args), {
      reload: async () => {
        if (this.#upgrade?.isRunning) throw new MillraceError('wrong-state', 'an upgrade runs')
        return await own.reload()
      },
    })
  }

  #leaveAdmin(): void {
    this.hasAdmin = false
  }

  async #end(): Promise<void> {
    await this.#upgrade?.finish()
    this.fdsAtEnd = this.process.kernel.openFds
    this.ended += 1
    this.exit()
  }
}

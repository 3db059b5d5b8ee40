/** A proxy inside a user's program, from one start to its end. It has admin addresses of its own if the config says so. */
import type { Abortable } from '../abort.js'
import type { History } from '../admin/history.js'
import type { AdminServer } from '../admin/server.js'
import type { Change } from '../config/changes/change.js'
import type { AdminConfig } from '../config/schemas/admin-schema.js'
import type { Changed, Reloaded } from '../control/answers.js'
import { MillraceError } from '../errors.js'
import type { ProxyStatus } from '../observe/status.js'
import type { ProxyEvents } from './events/proxy-events.js'
import { countChanges, drainRemoved, drainsAfter } from './generations/run-time-changes.js'
import { type GivenConfig, LibraryConfig } from './library-config.js'
import { LiveConnections } from './live-connections.js'
import { ProxyControl } from './proxy-control.js'
import type { RunningProxyOptions } from './running-options.js'
import { RunningProxy } from './running-proxy.js'

export class LibraryRun extends RunningProxy {
  #admin: AdminServer[] = []
  #history: History | undefined
  #hasStarted = false
  readonly #config: LibraryConfig
  readonly #events: ProxyEvents
  readonly live = new LiveConnections(this)

  constructor(given: GivenConfig, options: RunningProxyOptions & { readonly events: ProxyEvents }) {
    super(given.config, options)
    this.#config = new LibraryConfig(given)
    this.#events = options.events
  }

  /** Takes up another config of the program. */
  reload(read: () => GivenConfig, { signal }: Abortable = {}): Promise<Reloaded> {
    return this.reloadWith(() => {
      signal?.throwIfAborted()
      return { ...this.#config.load(read()), checkWanted: () => signal?.throwIfAborted() }
    })
  }

  /** `end`: connections of what is removed drain. */
  async change(changes: readonly Change[], end = false): Promise<Changed> {
    const changed = await this.reloader.changeWith(() => this.#config.changing.change(changes))
    const drains = drainsAfter({ changes, end }, this.config.timeouts.drainMs)
    drainRemoved(drains, (order) => this.drain(order), this.log)
    return changed
  }

  override counts(): ProxyStatus {
    const counts = super.counts()
    return { ...counts, config: { ...counts.config, ...countChanges(this.#config.changing) } }
  }

  override async start(): Promise<void> {
    await super.start()
    const { admin = [] } = this.config
    try {
      if (admin.length > 0) {
        await this.#startAdmin(admin)
        this.watch.start()
      }
      this.#hasStarted = true
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Most programs have no admin address, so its files are loaded only here. */
  async #startAdmin(configs: readonly AdminConfig[]): Promise<void> {
    const [{ AdminServer }, { renderMetrics }, { Told }] = await Promise.all([
      import('../admin/server.js'),
      import('../observe/metrics/metrics.js'),
      import('../admin/told.js'),
    ])
    if (this.state === 'stopped') return
    const control = new ProxyControl(this, {
      changing: this.#config.changing,
      load: () => {
        throw new MillraceError(
          'wrong-state',
          'this proxy is part of a program: the program has to call reload(config)',
        )
      },
      reopenLogs: () => this.openLog.reopen(),
      ended: () => {},
    })
    const told = new Told(control, renderMetrics)
    this.#history = told.history
    told.history.start()
    for (const config of configs) {
      const server = new AdminServer({ told, config, log: this.log })
      this.#admin.push(server)
      await server.start()
    }
  }

  override async stop(): Promise<void> {
    this.watch.stop()
    // Not awaited, because a caller who ordered a drain gets the answer only after it.
    this.#history?.stop()
    for (const server of this.#admin) void server.stop()
    await super.stop()
    // After a start that failed, the program may start the proxy again, and its listeners stay.
    if (this.#hasStarted) this.#events.end()
  }
}

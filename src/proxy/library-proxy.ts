/**
 * The proxy of a user's program. Each of its functions checks what it is given, and works without the object that it comes from.
 */
import { type Abortable, untilAborted, whenAborted } from '../abort.js'
import type { ProxyConfig } from '../config/input.js'
import type { DrainResult } from '../control/answers.js'
import type { DrainOrder } from '../control/orders.js'
import { MillraceError } from '../errors.js'
import { ProxyEvents } from './events/proxy-events.js'
import * as read from './library-arguments.js'
import { addBackend, listen, removeBackend } from './library-changes.js'
import type { GivenConfig } from './library-config.js'
import { LibraryRun } from './library-run.js'
import type { LibraryDrainOrder, Proxy, ProxyOptions } from './proxy.js'

/**
 * Makes a proxy of this config. It does not start it.
 *
 * @throws MillraceError `config-invalid`. Its `problems` list everything that is wrong with the config.
 * @throws MillraceError `bad-argument` if an option is unknown or has a wrong value.
 */
export function createProxy(config: ProxyConfig, options?: ProxyOptions): Proxy {
  const events = new ProxyEvents()
  const given = { ...read.readProxyOptions(options), events }
  const runs = new Runs(read.readConfig('createProxy', config), given)
  const proxy: Proxy = {
    start: async (order) => runs.start(read.readStart(order)),
    status: () => runs.present.status(),
    sources: (query) => runs.present.sources(read.readSources(query)),
    reload: async (next, order) =>
      runs.present.reload(() => read.readConfig('reload', next), read.readReload(order)),
    listen: async (listener) => listen(runs.present, read.readSpec('listen', 'listener', listener)),
    cluster: (name) => {
      const cluster = read.readCluster('cluster', name)
      return {
        add: async (backend) => addBackend(runs.present, cluster, read.readSpec('add', 'backend', backend)),
        remove: async (address, options) =>
          removeBackend(runs.present, cluster, read.readBackend(address), read.readRemove(options)),
      }
    },
    drain: async (order) => runs.drain(read.readDrain(order)),
    openListener: async (name) => runs.present.reloader.openListener(read.readListener('openListener', name)),
    connections: () => runs.present.live.connections(),
    limit: (id, order) => {
      const [connection, rates] = [read.readConnection(id), read.readLimit(order)]
      read.ordered('limit', () => runs.present.limit(connection, rates))
    },
    failback: async (cluster) => runs.present.failback(read.readCluster('failback', cluster)),
    ban: async (order) => {
      const [run, wanted] = [runs.present, read.readBan(order)]
      return read.ordered('ban', () => run.limiting.bans.ban(wanted, run.connections()))
    },
    unban: async (order) => {
      const wanted = read.readUnban(order)
      return read.ordered('unban', () => runs.present.limiting.bans.unban(wanted))
    },
    bans: async (query) => {
      const wanted = read.readBans(query)
      return read.ordered('bans', () => runs.present.limiting.bans.list(wanted))
    },
    hold: async (order) => {
      const wanted = read.readHold(order)
      return read.ordered('hold', () => runs.present.holds.hold(wanted))
    },
    release: async (cluster) => runs.present.holds.release(read.readCluster('release', cluster)),
    on: (name, listener) => {
      events.on(read.readEvent('on', name), read.readEventListener('on', listener))
      return proxy
    },
    once: (name, listener) => {
      events.once(read.readEvent('once', name), read.readEventListener('once', listener))
      return proxy
    },
    off: (name, listener) => {
      events.off(read.readEvent('off', name), read.readEventListener('off', listener))
      return proxy
    },
    records: (options) => events.records(read.readRecords(options).most),
    stop: () => runs.stop(),
    [Symbol.asyncDispose]: () => runs.stop(),
  }
  return proxy
}

type LibraryOptions = ProxyOptions & { readonly events: ProxyEvents }

/** The run of a proxy, which begins anew after a start that failed. */
class Runs {
  present: LibraryRun
  readonly #config: GivenConfig
  readonly #options: LibraryOptions
  /** Its start has failed, so it can do nothing more. */
  #isSpent = false

  constructor(config: GivenConfig, options: LibraryOptions) {
    this.#config = config
    this.#options = options
    this.present = new LibraryRun(config, options)
  }

  async start({ signal }: Abortable): Promise<void> {
    signal?.throwIfAborted()
    if (this.#isSpent) this.#renew()
    const run = this.present
    let stopped: Promise<void> | undefined
    // Only a run that this call starts ends with the signal.
    const unfollow = whenAborted(run.state === 'new' ? signal : undefined, () => {
      if (run.state !== 'stopped') stopped = run.stop()
    })
    if (this.present.state === 'new') this.#options.events.enterContext()
    try {
      await run.start()
    } catch (error) {
      // A proxy that was stopped meanwhile stays stopped, and one that runs goes on.
      const isOver = error instanceof MillraceError && error.code === 'wrong-state'
      if (!isOver && stopped === undefined) this.#spend()
      if (stopped === undefined) throw error
    } finally {
      unfollow()
    }
    if (stopped === undefined) return
    await stopped
    // What it opened while it was stopping.
    await run.stop()
    this.#spend()
    throw signal?.reason
  }

  async stop(): Promise<void> {
    await this.present.stop()
    this.#options.events.end()
  }

  /** An aborted signal ends the wait. The drain goes on. */
  async drain({ signal, ...order }: LibraryDrainOrder): Promise<DrainResult> {
    signal?.throwIfAborted()
    return untilAborted(
      read.ordered('drain', () => this.#drain(order)),
      signal,
    )
  }

  async #drain(order: DrainOrder): Promise<DrainResult> {
    const run = this.present
    const result = await run.drain(order)
    if (run.state === 'stopped') this.#options.events.end()
    return result
  }

  #spend(): void {
    this.#isSpent = true
    try {
      this.#renew()
    } catch {
      // Its log cannot be opened now. The next start tells that.
    }
  }

  #renew(): void {
    this.present = new LibraryRun(this.#config, this.#options)
    this.#isSpent = false
  }
}

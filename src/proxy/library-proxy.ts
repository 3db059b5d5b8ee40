/**
 * The proxy of a user's program. Each of its functions checks what it is given, and works without the object that it comes from.
 */
import type { ProxyConfig } from '../config/input.js'
import type { Config } from '../config/schema.js'
import { MillraceError } from '../errors.js'
import * as read from './library-arguments.js'
import { LibraryRun } from './library-run.js'
import type { Proxy, ProxyOptions } from './proxy.js'

/**
 * Makes a proxy of this config. It does not start it.
 *
 * @throws MillraceError `config-invalid`. Its `problems` list everything that is wrong with the config.
 * @throws MillraceError `bad-argument` if an option is unknown or has a wrong value.
 */
export function createProxy(config: ProxyConfig, options?: ProxyOptions): Proxy {
  const runs = new Runs(read.readConfig('createProxy', config), read.readProxyOptions(options))
  return {
    start: () => runs.start(),
    status: () => runs.present.status(),
    sources: (query) => runs.present.sources(read.readSources(query)),
    reload: async (next) => runs.present.reloadWith(() => ({ config: read.readConfig('reload', next) })),
    drain: async (order) => runs.present.drain(read.readDrain(order)),
    openListener: async (name) => runs.present.reloader.openListener(read.readListener('openListener', name)),
    limit: (id, order) => runs.present.limit(read.readConnection(id), read.readLimit(order)),
    failback: async (cluster) => runs.present.failback(read.readCluster('failback', cluster)),
    ban: async (order) => {
      const run = runs.present
      return run.limiting.bans.ban(read.readBan(order), run.connections())
    },
    unban: async (order) => runs.present.limiting.bans.unban(read.readUnban(order)),
    bans: async (query) => runs.present.limiting.bans.list(read.readBans(query)),
    hold: async (order) => runs.present.holds.hold(read.readHold(order)),
    release: async (cluster) => runs.present.holds.release(read.readCluster('release', cluster)),
    stop: () => runs.present.stop(),
  }
}

/** The run of a proxy, which begins anew after a start that failed. */
class Runs {
  present: LibraryRun
  readonly #config: Config
  readonly #options: ProxyOptions
  /** Its start has failed, so it can do nothing more. */
  #isSpent = false

  constructor(config: Config, options: ProxyOptions) {
    this.#config = config
    this.#options = options
    this.present = new LibraryRun(config, options)
  }

  async start(): Promise<void> {
    if (this.#isSpent) this.#renew()
    try {
      await this.present.start()
    } catch (error) {
      // A proxy that was stopped meanwhile stays stopped, and one that runs goes on.
      if (!(error instanceof MillraceError && error.code === 'wrong-state')) this.#spend()
      throw error
    }
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

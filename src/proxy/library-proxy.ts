/**
 * The proxy of a user's program. Each of its functions checks what it is given, and works without the object that it comes from.
 */
import { type Abortable, untilAborted, whenAborted } from '../abort.js'
import type { ProxyConfig } from '../config/input.js'
import type { Config } from '../config/schema.js'
import type { DrainResult, Reloaded } from '../control/answers.js'
import { MillraceError } from '../errors.js'
import * as read from './library-arguments.js'
import { LibraryRun } from './library-run.js'
import type { LibraryDrainOrder, Proxy, ProxyOptions } from './proxy.js'

/**
 * Makes a proxy of this config. It does not start it.
 *
 * @throws MillraceError `config-invalid`. Its `problems` list everything that is wrong with the config.
 * @throws MillraceError `bad-argument` if an option is unknown or has a wrong value.
 */
export function createProxy(config: ProxyConfig, options?: ProxyOptions): Proxy {
  const runs = new Runs(read.readConfig('createProxy', config), read.readProxyOptions(options))
  return {
    start: async (given) => runs.start(read.readStart(given)),
    status: () => runs.present.status(),
    sources: (query) => runs.present.sources(read.readSources(query)),
    reload: async (next, given) => reload(runs.present, next, read.readReload(given)),
    drain: async (order) => drain(runs.present, read.readDrain(order)),
    openListener: async (name) => runs.present.reloader.openListener(read.readListener('openListener', name)),
    connections: () => runs.present.live.connections(),
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
    [Symbol.asyncDispose]: () => runs.present.stop(),
  }
}

/** An aborted signal makes the reload give up, until its config is taken up. */
function reload(run: LibraryRun, next: ProxyConfig, { signal }: Abortable): Promise<Reloaded> {
  return run.reloadWith(() => {
    signal?.throwIfAborted()
    return { config: read.readConfig('reload', next), checkWanted: () => signal?.throwIfAborted() }
  })
}

/** An aborted signal ends the wait. The drain goes on. */
async function drain(run: LibraryRun, { signal, ...order }: LibraryDrainOrder): Promise<DrainResult> {
  signal?.throwIfAborted()
  return untilAborted(run.drain(order), signal)
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

  async start({ signal }: Abortable): Promise<void> {
    signal?.throwIfAborted()
    if (this.#isSpent) this.#renew()
    const run = this.present
    let stopped: Promise<void> | undefined
    // Only a run that this call starts ends with the signal.
    const unfollow = whenAborted(run.state === 'new' ? signal : undefined, () => {
      if (run.state !== 'stopped') stopped = run.stop()
    })
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

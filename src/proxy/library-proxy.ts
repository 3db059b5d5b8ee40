/**
 * A proxy inside somebody's program: with an admin address of its own where the config says so.
 */
import { AdminServer } from '../admin/server.js'
import type { ProxyConfig } from '../config/input.js'
import type { Config } from '../config/schema.js'
import { validateConfig } from '../config/validate.js'
import { MillraceError } from '../errors.js'
import { renderMetrics } from '../observe/metrics/metrics.js'
import type { Proxy, ProxyOptions } from './proxy.js'
import { ProxyControl } from './proxy-control.js'
import { RunningProxy } from './running-proxy.js'

/**
 * A proxy of this config, not yet started.
 *
 * @throws MillraceError `config-invalid`, whose `problems` list everything that is wrong with the config.
 */
export function createProxy(config: ProxyConfig, options: ProxyOptions = {}): Proxy {
  return new LibraryProxy(validateConfig(config), options)
}

class LibraryProxy extends RunningProxy {
  readonly #admin: AdminServer | undefined

  constructor(config: Config, options: ProxyOptions) {
    super(config, options)
    if (!config.admin) return
    const control = new ProxyControl(this, {
      load: () => {
        throw new MillraceError(
          'wrong-state',
          'this proxy is part of a program: reload(config) of it is needed',
        )
      },
      reopenLogs: () => this.openLog.reopen(),
      ended: () => {},
    })
    this.#admin = new AdminServer({ control, config: config.admin, renderMetrics, log: this.log })
  }

  override async start(): Promise<void> {
    await super.start()
    if (this.#admin === undefined) return
    try {
      await this.#admin.start()
      this.watch.start()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  override async stop(): Promise<void> {
    this.watch.stop()
    // Not waited for: the answer to who has ordered a drain comes after it.
    void this.#admin?.stop()
    await super.stop()
  }
}

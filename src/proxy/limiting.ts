/** All that a proxy does about limits. It connects the rule of admission, the gate and bans. */
import { ClientRule } from '../admission/client-rule.js'
import type { Config } from '../config/schema.js'
import type { ListenerConfig } from '../config/schemas/listener-schema.js'
import { Gate } from '../limits/gate.js'
import type { Log } from '../observe/log/log.js'
import type { ProxyStatus } from '../observe/status.js'
import { ProxyBans, type ProxyBansOptions } from './bans/proxy-bans.js'

export class Limiting {
  readonly rule = new ClientRule()
  readonly bans: ProxyBans
  #config: Config

  /** `tellSeen`: tells the process that decides about bans. Undefined: this process decides. */
  constructor(config: Config, log: Log, tellSeen: ProxyBansOptions['tell']) {
    this.#config = config
    this.bans = new ProxyBans({ log, config: () => this.#config, tell: tellSeen })
  }

  /** The checks that a client of this listener has to pass. */
  gateOf({ name }: ListenerConfig, config: Config): Gate {
    return new Gate(this.bans.checksOf(config, name))
  }

  /** The proxy has this config now. */
  takeUp(config: Config): void {
    this.#config = config
    this.bans.reloaded()
  }

  status(): Pick<ProxyStatus, 'bans' | 'topBans'> {
    return this.bans.status()
  }

  stop(): void {
    this.bans.stop()
  }
}

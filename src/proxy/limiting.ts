/**
 * All that a proxy does about limits. It connects the table of counts, the rule of admission, the gate, lists, bans, rates of bytes
 * and the report.
 */
import { ClientRule } from '../admission/client-rule.js'
import { USUAL_SOURCES } from '../config/constants.js'
import type { Config } from '../config/schema.js'
import type { ListenerConfig } from '../config/schemas/listener-schema.js'
import type { Connection } from '../connection/connection.js'
import type { RunQueue } from '../io/run-queue.js'
import type { Counts } from '../limits/counts/counts.js'
import { createOwnCounts } from '../limits/counts/own-counts.js'
import { Gate } from '../limits/gate.js'
import { Limiter } from '../limits/limiter.js'
import { accessChecksOf } from '../limits/lists/access-check.js'
import type { ConfigLists } from '../limits/lists/config-lists.js'
import type { Lists } from '../limits/lists/lists.js'
import { OwnLists } from '../limits/lists/own-lists.js'
import { OwnLimit } from '../limits/own-limit.js'
import { announceLists } from '../observe/log/announcements.js'
import type { Log } from '../observe/log/log.js'
import type { ProxyStatus } from '../observe/status.js'
import { Bandwidth } from './bandwidth.js'
import { ProxyBans, type ProxyBansOptions } from './bans/proxy-bans.js'
import { Recount } from './recount.js'
import { LimitReport } from './reporting/limit-report.js'
import { ownMost } from './reporting/process-status.js'

export interface LimitingOptions {
  readonly log: Log
  /** The table of counts that all workers share. Undefined: there is only this process. */
  readonly shared: Counts | undefined
  /** Tells the process that decides about bans. Undefined: this process decides. */
  readonly tellSeen: ProxyBansOptions['tell']
  /** Says what the files of lists and maps say. Undefined: this process reads and watches them. */
  readonly lists: Lists | undefined
  readonly runQueue: RunQueue
  /** How many connections are open. */
  open(): number
  /** The connections that are open. */
  connections(): readonly Connection[]
}

export class Limiting {
  readonly rule: ClientRule
  readonly limiter: Limiter
  readonly bans: ProxyBans
  readonly lists: Lists
  readonly bandwidth: Bandwidth
  readonly recount: Recount
  /** The table of counts that all workers share. Undefined: there is only this process. */
  readonly shared: Counts | undefined
  readonly #report: LimitReport
  readonly #own: OwnLimit
  readonly #connections: LimitingOptions['connections']
  #config: Config

  constructor(config: Config, options: LimitingOptions) {
    const { log, shared, tellSeen, lists, runQueue } = options
    this.#config = config
    this.#connections = options.connections
    this.bans = new ProxyBans({ log, config: () => this.#config, tell: tellSeen })
    this.lists = lists ?? new OwnLists(announceLists(log))
    this.shared = shared
    this.#report = new LimitReport(log)
    this.#own = new OwnLimit(options.open)
    this.#setOwn(config)
    const counts = shared ?? createOwnCounts({ sources: config.limits?.sources ?? USUAL_SOURCES })
    this.limiter = new Limiter(counts, this.#report)
    this.recount = new Recount(config, this.limiter, options.connections)
    this.bandwidth = new Bandwidth(config, { runQueue, counts, isShared: shared !== undefined })
    this.rule = new ClientRule({
      limiter: this.limiter,
      own: this.#own,
      hasOthers: shared?.isShared === true,
      refused: (noPlace, client) => this.#report.refused(noPlace, client),
      waits: (noPlace, client) => this.#report.waits(noPlace, client),
    })
  }

  /** The checks that a client of this listener has to pass. */
  gateOf(listener: ListenerConfig, config: Config, lists: ConfigLists): Gate {
    const access = accessChecksOf(listener, config, lists)
    const checks = [...access, ...this.bans.checksOf(config, listener.name)]
    return new Gate(checks, (...refused) => this.#report.denied(...refused))
  }

  /** The proxy has this config now. It was prepared. */
  takeUp(config: Config): void {
    this.#config = config
    const connections = this.#connections()
    for (const connection of connections) this.bandwidth.count(connection)
    this.recount.takeUp()
    this.bans.reloaded()
    this.bandwidth.takeUp(config, connections)
    this.#setOwn(config)
    this.#report.takeUp(this.recount.limits)
    this.rule.limitsChanged()
  }

  status(): Pick<ProxyStatus, 'limits' | 'limitRefusals' | 'bans' | 'topBans' | 'lists' | 'rates'> {
    const limits = this.#report.status(this.recount.limits, (scope) => this.limiter.held(scope))
    return { ...limits, ...this.bans.status(), lists: this.lists.status(), rates: this.bandwidth.status() }
  }

  stop(): void {
    this.#report.stop()
    this.bans.stop()
    this.lists.stop()
  }

  #setOwn(config: Config): void {
    this.#own.set(ownMost(config)?.most, config.limits)
  }
}

/**
 * The health of backends as all workers share it. The supervisor checks and asks agents, once for all workers, and tells them.
 * Workers tell what connections have shown, and the supervisor tells the others.
 */
import type { NamesProvider } from '../../cluster/names/provider.js'
import type { ActiveVerdict, SharedVerdict, ToldVerdict } from '../../cluster/shared-verdict.js'
import type { Config } from '../../config/schema.js'
import type { Log } from '../../observe/log/log.js'
import type { Catalogue } from '../../proxy/catalogue/catalogue.js'
import { ActiveHealth } from '../../proxy/health/active-health.js'
import type { Probes } from '../../proxy/health/probes.js'
import type { WorkerChannel } from '../slots/worker-channel.js'
import { OwnAddresses } from './backend-addresses.js'
import { CheckFeed } from './check-feed.js'
import { SharedVerdicts } from './shared-verdicts.js'

export interface SharedHealthHost {
  readonly log: Log
  readonly catalogue: Catalogue
  config(): Config
  /** All workers that were given a config. */
  workers(): readonly WorkerChannel[]
  /** Those that serve. */
  serving(): readonly WorkerChannel[]
  readonly probes?: Probes | undefined
  /** Says what the names of backends mean. */
  readonly names: NamesProvider
}

export class SharedHealth {
  readonly #host: SharedHealthHost
  readonly #verdicts = new SharedVerdicts()
  readonly #addresses: OwnAddresses
  readonly #feed: CheckFeed
  readonly #checks: ActiveHealth
  #isStopped = false

  constructor(host: SharedHealthHost) {
    this.#host = host
    this.#addresses = new OwnAddresses(host.names)
    this.#feed = new CheckFeed({
      workers: host.workers,
      logger: () => host.serving()[0],
      passed: (...check) => this.#verdicts.passed(...check),
    })
    this.#checks = new ActiveHealth({
      log: host.log,
      probes: host.probes,
      endpoints: (...backend) => this.#addresses.of(...backend),
      tell: (verdict) => this.#feed.heard(verdict),
    })
  }

  /** Backends or their settings have changed. */
  follow(): void {
    if (this.#isStopped) return
    const { catalogue, config } = this.#host
    this.#addresses.follow(config(), catalogue)
    this.#checks.follow(config(), catalogue)
  }

  /** What no config names any more is forgotten. */
  forget(): void {
    const { catalogue, config } = this.#host
    this.#verdicts.forgetUnless((named) => catalogue.gives(named))
    this.#verdicts.forgetTiersUnless((name) => config().clusters[name]?.health.failback === 'manual')
  }

  /** Workers use another config. One that did not have a cluster before has missed what was told about it. */
  reloaded(workers: readonly WorkerChannel[]): void {
    this.#verdicts.repeatTiers(workers)
    this.follow()
  }

  /** The same for a worker that takes its config later than the others. */
  caughtUp(worker: WorkerChannel): void {
    worker.send({ kind: 'verdicts', verdicts: this.greet() })
  }

  /** Ends all checks, for good. */
  stop(): void {
    this.#isStopped = true
    this.#checks.stop()
    this.#feed.stop()
    this.#addresses.stop()
  }

  /** A worker tells what it has found out. */
  heard(from: WorkerChannel, verdict: SharedVerdict): void {
    this.#verdicts.heard(from, verdict, this.#host.workers())
  }

  /** An operator orders that the first tier that works serves again. */
  failback(cluster: string): void {
    this.#verdicts.failback(cluster, this.#host.workers())
  }

  /** What holds now, for a process that goes on with it. */
  verdicts(): (SharedVerdict | ActiveVerdict)[] {
    return [...this.#checks.verdicts(), ...this.#verdicts.present]
  }

  /** Another process has found this. */
  restore(verdict: SharedVerdict | ActiveVerdict): void {
    if (verdict.about === 'checks' || verdict.about === 'agent') this.#checks.restore(verdict)
    else this.#verdicts.heard(undefined, verdict, this.#host.workers())
  }

  /** What holds now, for a new worker. Checks come first: one that passed before an ejection does not end it. */
  greet(): ToldVerdict[] {
    return [...this.#feed.greet(), ...this.#verdicts.present.map((verdict) => ({ verdict, isLogged: false }))]
  }
}

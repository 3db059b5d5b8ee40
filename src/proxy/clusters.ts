/**
 * The live clusters of a proxy by name. They follow its catalogue: clusters that exist, and clusters that a
 * reload took out. The latter live on for their connections and keep their counts. A cluster that returns is
 * the same object.
 */
import type { Backend } from '../cluster/backend.js'
import type { Cluster } from '../cluster/cluster.js'
import { forgetLongestGone } from '../cluster/left.js'
import type { BackendOptions } from '../cluster/members.js'
import type { ActiveVerdict, SharedVerdict } from '../cluster/shared-verdict.js'
import type { ServingTier } from '../control/answers.js'
import { goesBackByItself } from '../control/failback.js'
import { checkNames, unknownName } from '../control/names.js'
import type { BackendChange } from '../control/orders.js'
import type { Catalogue } from './catalogue/catalogue.js'
import type { Origin } from './catalogue/catalogue-entries.js'
import type { Generation } from './generations/generation.js'

/** Who checks the backends, and has to know what there is to check. */
export interface Checking {
  follow(config: Configured['config'], catalogue: Catalogue): void
  /** What it has found. */
  verdicts(): ActiveVerdict[]
  /** Another process has found this. */
  restore(verdict: ActiveVerdict): void
  stop(): void
}

/** The parts of a generation from which clusters are made. */
type Configured = Pick<Generation, 'config' | 'destinations'>

export class Clusters {
  readonly #catalogue: Catalogue
  readonly #checking: Checking | undefined
  #isStarted = false
  #config: Configured['config']
  #present: ReadonlyMap<string, Cluster>
  /** In the order in which they left. */
  readonly #left = new Map<string, Cluster>()

  /** `checking` undefined: another process checks the backends. */
  constructor(catalogue: Catalogue, generation: Configured, checking?: Checking) {
    this.#catalogue = catalogue
    this.#checking = checking
    this.#config = generation.config
    this.#present = clustersOf(generation)
  }

  /** A cluster that is or was in the config. */
  get(name: string): Cluster | undefined {
    return this.#present.get(name) ?? this.#left.get(name)
  }

  get present(): readonly Cluster[] {
    return [...this.#present.values()]
  }

  get left(): readonly Cluster[] {
    return [...this.#left.values()]
  }

  /** What is known of names already is there when it returns. `start` does it, too. */
  watchNames(): void {
    for (const cluster of this.present) cluster.watchNames()
  }

  start(): void {
    for (const cluster of this.present) cluster.start()
    this.#isStarted = true
    this.#follow()
  }

  stop(): void {
    this.#isStarted = false
    this.#checking?.stop()
    for (const cluster of [...this.present, ...this.left]) cluster.stop()
  }

  /** Takes the clusters of another config, with the backends that the catalogue has for each. */
  update(generation: Configured): void {
    const before = this.#present
    const { clusters } = this.#config
    this.#config = generation.config
    this.#present = clustersOf(generation)
    for (const [name, cluster] of this.#present) {
      if (before.has(name) && clusters[name] === this.#config.clusters[name]) continue
      if (this.#left.delete(name) || before.has(name)) this.#refresh(cluster)
      else cluster.start()
    }
    for (const [name, cluster] of before) {
      if (this.#present.has(name)) continue
      cluster.retire()
      this.#left.set(name, cluster)
    }
    forgetLongestGone(this.#left, ({ isInUse }) => isInUse)
    this.#follow()
  }

  /**
   * From now on an origin other than the config gives these backends for a cluster. No reload takes them away.
   */
  provide(name: string, origin: Exclude<Origin, 'config'>, backends: readonly BackendOptions[]): void {
    this.#catalogue.provide(name, origin, backends)
    const cluster = this.#present.get(name)
    if (cluster !== undefined) this.#refresh(cluster)
    this.#follow()
  }

  /**
   * An operator sets a backend.
   *
   * @throws MillraceError `unknown-name`
   */
  set(cluster: string, backend: string, change: BackendChange): Backend {
    this.#catalogue.forgetUnused()
    checkNames({ cluster, backend }, this.#catalogue.names)
    const its = this.get(cluster)
    const found = its?.backend(backend)
    if (found === undefined) throw unknownName('backend', backend)
    this.#catalogue.set(cluster, backend, change)
    its!.set(found, change.weight ?? found.weightSet, change.state ?? found.setTo)
    this.#follow()
    return found
  }

  /**
   * Checks or another process tell what they have found out. `isLogged`: whether this process logs that a backend goes down or
   * comes back.
   */
  heard(verdict: SharedVerdict | ActiveVerdict, isLogged: boolean): void {
    const cluster = this.get(verdict.cluster)
    if (cluster === undefined) return
    if (verdict.about === 'tier') cluster.judge.follow(verdict.moved)
    else if (verdict.about === 'checks') cluster.checked(verdict.backend, verdict.verdict, isLogged)
    else if (verdict.about === 'agent') cluster.agentSaid(verdict.backend, verdict.verdict, isLogged)
    else {
      const backend = cluster.backend(verdict.backend)
      if (backend !== undefined) cluster.judge.told(backend, verdict.verdict)
    }
  }

  /** What is known of backends and tiers now, for a process that goes on with it. */
  verdicts(): (SharedVerdict | ActiveVerdict)[] {
    const now = performance.now()
    const found = this.present.flatMap((cluster): SharedVerdict[] => [
      ...cluster.backends.flatMap((backend) => ejectionOf(cluster.name, backend, now)),
      ...(cluster.judge.moved === undefined
        ? []
        : [{ about: 'tier' as const, cluster: cluster.name, moved: cluster.judge.moved }]),
    ])
    return [...(this.#checking?.verdicts() ?? []), ...found]
  }

  /** Another process has found this before. */
  restore(verdict: SharedVerdict | ActiveVerdict): void {
    if (verdict.about === 'checks' || verdict.about === 'agent') this.#checking?.restore(verdict)
    else this.heard(verdict, false)
  }

  /**
   * An operator orders that a cluster with `failback: manual` goes back to the first tier that works.
   *
   * @throws MillraceError `unknown-name`, `wrong-state`
   */
  failback(name: string): ServingTier {
    this.#catalogue.forgetUnused()
    checkNames({ cluster: name }, this.#catalogue.names)
    const cluster = this.get(name)
    if (cluster === undefined) throw unknownName('cluster', name)
    if (cluster.health.failback === 'auto') throw goesBackByItself(name)
    cluster.judge.failback()
    return { cluster: name, servingTier: cluster.servingTier }
  }

  /** From now on no connection goes to this backend, or to any backend of the cluster. */
  close(name: string, backend: string | undefined): void {
    const cluster = this.get(name)
    const closed = this.#catalogue.close(name, backend)
    cluster?.close(closed.flatMap((each) => cluster.backend(each) ?? []))
  }

  #follow(): void {
    if (this.#isStarted) this.#checking?.follow(this.#config, this.#catalogue)
  }

  #refresh(cluster: Cluster): void {
    const options = this.#config.clusters[cluster.name]!
    cluster.update({ ...options, backends: [...this.#catalogue.backends(cluster.name)!.given] })
  }
}

/** Empty if the backend is not ejected, or may be tried again. */
function ejectionOf(cluster: string, { name: backend, health }: Backend, now: number): SharedVerdict[] {
  const { passive, skippedUntil } = health
  const restMs = passive?.restMs === 0 ? 0 : Math.ceil(skippedUntil - now)
  if (passive === undefined || restMs < 0) return []
  return [{ about: 'backend', cluster, backend, verdict: { ...passive, restMs } }]
}

const clustersOf = ({ destinations }: Configured): ReadonlyMap<string, Cluster> =>
  new Map(Array.from(destinations, ([name, { cluster }]) => [name, cluster]))

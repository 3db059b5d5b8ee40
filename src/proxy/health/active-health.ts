/**
 * The active checks and the agents of one process: which backends have them at the moment, and who is told what they say. One
 * process checks for all: a proxy for itself, or the supervisor for its workers. It follows the catalogue: backends that come
 * are checked, and those that leave, or that an operator takes out (`maint`), are not. What is known of a backend stays when
 * a reload changes its check.
 */
import { isDeepStrictEqual } from 'node:util'
import type { CheckCounts } from '../../cluster/health/checks/checks.js'
import { firstMs } from '../../cluster/health/checks/pace.js'
import { forgetLongestGone } from '../../cluster/left.js'
import type { Endpoints } from '../../cluster/names/endpoints.js'
import type { ActiveVerdict } from '../../cluster/shared-verdict.js'
import type { Config } from '../../config/schema.js'
import { announceChecks } from '../../observe/log/announcements.js'
import type { Log } from '../../observe/log/log.js'
import type { Catalogue } from '../catalogue/catalogue.js'
import type { BackendEntry } from '../catalogue/catalogue-backends.js'
import { CheckedBackend, type Watched } from './checked-backend.js'
import { ProbeQueue } from './probe-queue.js'
import { NETWORK_PROBES, type Probes } from './probes.js'

export interface ActiveHealthHost {
  readonly log: Log
  /** Where a backend is reached. Undefined: there is no such backend. */
  endpoints(cluster: string, backend: string): Endpoints | undefined
  tell(verdict: ActiveVerdict): void
  /** Default: the network. */
  readonly probes?: Probes | undefined
}

interface CheckedCluster {
  watched: Watched
  readonly backends: Map<string, CheckedBackend>
}

export class ActiveHealth {
  readonly #host: ActiveHealthHost
  readonly #queue = new ProbeQueue()
  readonly #clusters = new Map<string, CheckedCluster>()
  /** Of backends that left, so that their counts never fall. The backend that left first comes first. */
  readonly #left = new Map<string, CheckCounts>()
  readonly #announce: ReturnType<typeof announceChecks>
  /** An entry of the catalogue is replaced when it changes, so it is looked up each time. */
  #catalogue: Pick<Catalogue, 'backends'> | undefined

  constructor(host: ActiveHealthHost) {
    this.#host = host
    this.#announce = announceChecks(host.log)
  }

  /** Something has changed in what exists, or in what operators have set. */
  follow({ clusters }: Pick<Config, 'clusters'>, catalogue: Pick<Catalogue, 'backends'>): void {
    this.#catalogue = catalogue
    for (const [name, cluster] of this.#clusters)
      if (!isWatched(clusters[name]?.health)) this.#drop(name, cluster)
    const coming: [CheckedBackend, everyMs: number][] = []
    for (const [name, { health, socket }] of Object.entries(clusters)) {
      if (!isWatched(health)) continue
      const { check, agent } = health
      const everyMs = (check ?? agent)!.everyMs
      for (const backend of this.#update(name, { check, agent, socket })) coming.push([backend, everyMs])
    }
    for (const [position, [backend, everyMs]] of coming.entries())
      backend.begin(firstMs(everyMs, position, coming.length))
  }

  /** What checks and agents say now. */
  verdicts(): ActiveVerdict[] {
    return Array.from(this.#clusters, ([cluster, { backends }]) =>
      Array.from(backends, ([backend, { checked, agentSaid }]): ActiveVerdict[] => [
        ...(checked === undefined ? [] : [{ about: 'checks' as const, cluster, backend, verdict: checked }]),
        ...(agentSaid === undefined
          ? []
          : [{ about: 'agent' as const, cluster, backend, verdict: agentSaid }]),
      ]),
    ).flat(2)
  }

  /** Another process has found this. It counts only for backends of which this one knows nothing yet. */
  restore(verdict: ActiveVerdict): void {
    this.#clusters.get(verdict.cluster)?.backends.get(verdict.backend)?.restore(verdict)
  }

  stop(): void {
    for (const { backends } of this.#clusters.values())
      for (const backend of backends.values()) backend.stop()
    this.#clusters.clear()
  }

  /** Returns the backends whose checks have to begin. */
  #update(name: string, watched: Watched): CheckedBackend[] {
    const cluster = this.#clusters.get(name) ?? { watched, backends: new Map<string, CheckedBackend>() }
    const isSame = isDeepStrictEqual(watched, cluster.watched)
    cluster.watched = watched
    this.#clusters.set(name, cluster)
    const present = new Map(
      Array.from(this.#catalogue?.backends(name)?.given ?? [], (each) => [each.name, each]),
    )
    for (const [backend, checked] of cluster.backends)
      if (!present.has(backend)) this.#dropBackend(name, cluster, backend, checked)
    return Array.from(present.values()).flatMap((entry) => {
      const known = cluster.backends.get(entry.name)
      const checked = known ?? this.#create(name, cluster, entry)
      checked.update(watched, isSame && known !== undefined)
      if (entry.setTo === 'maint') checked.stop()
      return checked.isRunning || entry.setTo === 'maint' ? [] : [checked]
    })
  }

  #create(cluster: string, { backends }: CheckedCluster, entry: BackendEntry): CheckedBackend {
    const { probes = NETWORK_PROBES } = this.#host
    const { name, address } = entry
    const tell = (verdict: ActiveVerdict): void => this.#host.tell(verdict)
    const place = { cluster, backend: name }
    const checked = new CheckedBackend(
      {
        probes,
        queue: this.#queue,
        host: entry.host ?? (address.kind === 'unix' ? undefined : address.host),
        weight: () => this.#catalogue?.backends(cluster)?.get(name)?.weight ?? 0,
        endpoints: () => this.#host.endpoints(cluster, name),
        ended: (result) => this.#announce(cluster, name, result),
        checked: (verdict) => tell({ about: 'checks', ...place, verdict }),
        agentSaid: (verdict) => tell({ about: 'agent', ...place, verdict }),
        random: Math.random,
      },
      this.#left.get(keyOf(place)),
    )
    backends.set(name, checked)
    return checked
  }

  #drop(name: string, cluster: CheckedCluster): void {
    for (const [backend, checked] of cluster.backends) this.#dropBackend(name, cluster, backend, checked)
    this.#clusters.delete(name)
  }

  #dropBackend(
    cluster: string,
    { backends }: CheckedCluster,
    backend: string,
    checked: CheckedBackend,
  ): void {
    checked.update({ check: undefined, agent: undefined }, false)
    backends.delete(backend)
    const { counts } = checked
    if (counts === undefined) return
    const key = keyOf({ cluster, backend })
    this.#left.delete(key)
    this.#left.set(key, counts)
    forgetLongestGone(this.#left, () => false)
  }
}

function isWatched(health: Watched | undefined): health is Watched {
  return health?.check !== undefined || health?.agent !== undefined
}

const keyOf = ({ cluster, backend }: { cluster: string; backend: string }): string =>
  JSON.stringify([cluster, backend])

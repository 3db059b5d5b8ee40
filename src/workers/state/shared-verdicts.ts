/**
 * What workers have found out about clusters, for all workers and for those that come later: ejected backends, and the tiers
 * to which clusters have moved. If two workers move a cluster at the same time, the first one decides. Plain data, so that it
 * can be handed on.
 */
import { hasAnswered, type PassiveVerdict } from '../../cluster/health/verdict.js'
import type { SharedVerdict } from '../../cluster/shared-verdict.js'
import type { Moved } from '../../cluster/tiers.js'
import type { Named } from '../../control/names.js'
import type { WorkerChannel } from '../slots/worker-channel.js'

type OfBackend = Extract<SharedVerdict, { about: 'backend' }>

interface Ejected extends OfBackend {
  readonly verdict: PassiveVerdict
  /** ms, on the clock of this process. Infinity: until a worker reaches it again. */
  readonly until: number
}

export class SharedVerdicts {
  readonly #now: () => number
  readonly #ejected = new Map<string, Ejected>()
  readonly #moved = new Map<string, Moved>()

  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /** A worker tells what it has found out. `from` undefined: an earlier process tells it. `workers`: all that were given a config. */
  heard(from: WorkerChannel | undefined, verdict: SharedVerdict, workers: readonly WorkerChannel[]): void {
    if (verdict.about === 'tier') this.#propose(verdict.cluster, verdict.moved, workers)
    else {
      this.#note(verdict)
      const others = workers.filter((worker) => worker !== from)
      for (const worker of others) tell(worker, verdict)
    }
  }

  /**
   * A check of the supervisor has passed for this reason. Workers then end an ejection for failed connects, and any ejection
   * if the backend has answered. Returns whether the backend was ejected.
   */
  passed(cluster: string, backend: string, reason: string): boolean {
    const key = keyOf({ cluster, backend })
    const ejected = this.#ejected.get(key)
    if (ejected === undefined) return false
    if (hasAnswered(reason) || ejected.verdict.judgedBy === 'connects') this.#ejected.delete(key)
    return true
  }

  /** An operator orders that the first tier that works serves again. */
  failback(cluster: string, workers: readonly WorkerChannel[]): void {
    // Workers forgive, too. One that comes later would move the cluster away again.
    for (const [key, ejected] of this.#ejected) if (ejected.cluster === cluster) this.#ejected.delete(key)
    this.#decide(
      cluster,
      { tier: undefined, version: this.#versionOf(cluster) + 1, isFailback: true },
      workers,
    )
  }

  /** Tells workers where clusters are. A worker that did not have a cluster yet has missed it. */
  repeatTiers(workers: readonly WorkerChannel[]): void {
    for (const verdict of this.present)
      if (verdict.about === 'tier') for (const worker of workers) tell(worker, verdict)
  }

  /** What holds now, for a worker that knows nothing of it. */
  get present(): SharedVerdict[] {
    const now = this.#now()
    const ejected = [...this.#ejected.values()].filter(({ until }) => until > now)
    return [
      ...ejected.map(({ until, verdict, ...rest }) => ({
        ...rest,
        verdict: { ...verdict, restMs: until === Number.POSITIVE_INFINITY ? 0 : Math.ceil(until - now) },
      })),
      ...Array.from(this.#moved, ([cluster, moved]): SharedVerdict => {
        return { about: 'tier', cluster, moved: { ...moved, isFailback: false } }
      }),
    ]
  }

  /** Forgets what no config names any more. */
  forgetUnless(isKnown: (named: Named) => boolean): void {
    for (const [key, { cluster, backend }] of this.#ejected)
      if (!isKnown({ cluster, backend })) this.#ejected.delete(key)
    for (const cluster of this.#moved.keys()) if (!isKnown({ cluster })) this.#moved.delete(cluster)
  }

  /** Forgets where clusters are that go back by themselves. */
  forgetTiersUnless(staysMoved: (cluster: string) => boolean): void {
    for (const cluster of this.#moved.keys()) if (!staysMoved(cluster)) this.#moved.delete(cluster)
  }

  #note({ verdict, ...rest }: OfBackend): void {
    const now = this.#now()
    for (const [key, { until }] of this.#ejected) if (until <= now) this.#ejected.delete(key)
    const key = keyOf(rest)
    if (verdict === undefined) {
      this.#ejected.delete(key)
      return
    }
    const until = verdict.restMs === 0 ? Number.POSITIVE_INFINITY : now + verdict.restMs
    this.#ejected.set(key, { ...rest, verdict, until })
  }

  /**
   * A worker that knew an older version has been told of the newer one already. It can know a newer one only of a cluster that
   * was gone meanwhile.
   */
  #propose(cluster: string, moved: Moved, workers: readonly WorkerChannel[]): void {
    if (moved.version < this.#versionOf(cluster)) return
    this.#decide(cluster, { ...moved, version: moved.version + 1 }, workers)
  }

  #decide(cluster: string, moved: Moved, workers: readonly WorkerChannel[]): void {
    this.#moved.set(cluster, moved)
    for (const worker of workers) tell(worker, { about: 'tier', cluster, moved })
  }

  #versionOf(cluster: string): number {
    return this.#moved.get(cluster)?.version ?? 0
  }
}

const keyOf = ({ cluster, backend }: { cluster: string; backend: string }): string =>
  JSON.stringify([cluster, backend])

/** The worker that has found it out logs it. */
function tell(worker: WorkerChannel, verdict: SharedVerdict): void {
  worker.send({ kind: 'verdicts', verdicts: [{ verdict, isLogged: false }] })
}

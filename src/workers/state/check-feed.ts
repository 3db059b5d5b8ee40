/**
 * What the supervisor's checks and agents say, for all workers and for those that come later. What may change something is
 * passed on at once, and counts once a second. One of the workers logs it.
 */
import type { ActiveVerdict, ToldVerdict } from '../../cluster/shared-verdict.js'
import type { WorkerChannel } from '../slots/worker-channel.js'

const NO_CHECKS = { checks: 0, checksFailed: 0 }
/** ms */
const TELL_COUNTS_EVERY_MS = 1000

export interface CheckFeedHost {
  /** All workers that were given a config. */
  workers(): readonly WorkerChannel[]
  /** The worker that logs. Undefined: none serves. */
  logger(): WorkerChannel | undefined
  /** A check of the backend has passed for this reason. Returns whether the backend was ejected until now. */
  passed(cluster: string, backend: string, reason: string): boolean
}

interface Heard {
  readonly verdict: ActiveVerdict
  /** When a check last passed: ms, on the clock of this process. If none has passed, it means nothing. */
  readonly passedAt: number
}

export class CheckFeed {
  readonly #host: CheckFeedHost
  readonly #present = new Map<string, Heard>()
  /** By key, what workers have not been told yet. */
  readonly #untold = new Map<string, Heard>()
  /** Keys of changes that no worker has logged. */
  readonly #unlogged = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(host: CheckFeedHost) {
    this.#host = host
  }

  heard(verdict: ActiveVerdict): void {
    const key = JSON.stringify([verdict.about, verdict.cluster, verdict.backend])
    const { verdict: before, passedAt } = this.#present.get(key) ?? {}
    const reason = passedFor(before, verdict)
    const heard = {
      verdict,
      passedAt: reason === undefined && passedAt !== undefined ? passedAt : performance.now(),
    }
    if (verdict.verdict === undefined) this.#present.delete(key)
    else this.#present.set(key, heard)
    this.#untold.set(key, heard)
    const isChange = isNews(before, verdict)
    if (isChange && this.#host.logger() === undefined) this.#unlogged.add(key)
    const endsEjection = reason !== undefined && this.#host.passed(verdict.cluster, verdict.backend, reason)
    if (endsEjection || isChange) this.#tell()
    else this.#timer ??= setTimeout(() => this.#tell(), TELL_COUNTS_EVERY_MS).unref()
  }

  /** All that holds, for a worker that knows nothing of it. It logs what no other worker has logged. */
  greet(): ToldVerdict[] {
    const told = Array.from(this.#present, ([key, heard]) => ({
      verdict: aged(heard),
      isLogged: this.#unlogged.has(key),
    }))
    this.#unlogged.clear()
    return told
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #tell(): void {
    this.stop()
    const logger = this.#host.logger()
    const verdicts = Array.from(this.#untold.values(), aged)
    this.#untold.clear()
    for (const worker of this.#host.workers()) {
      const told = verdicts.map((verdict) => ({ verdict, isLogged: worker === logger }))
      worker.send({ kind: 'verdicts', verdicts: told })
    }
  }
}

/** As it is told now. */
function aged({ verdict, passedAt }: Heard): ActiveVerdict {
  if (verdict.about === 'agent' || verdict.verdict === undefined) return verdict
  return { ...verdict, verdict: { ...verdict.verdict, passedAgoMs: performance.now() - passedAt } }
}

/** Whether workers may have to do something about it. */
function isNews(before: ActiveVerdict | undefined, { about, verdict }: ActiveVerdict): boolean {
  if (about === 'agent' || verdict === undefined || before?.about !== 'checks') return true
  return before.verdict?.isUp !== verdict.isUp
}

/** Why the last check has passed. Undefined: it has not. */
function passedFor(before: ActiveVerdict | undefined, after: ActiveVerdict): string | undefined {
  if (after.about !== 'checks' || after.verdict === undefined) return undefined
  const { checks, checksFailed } = (before?.about === 'checks' && before.verdict) || NO_CHECKS
  const passed = after.verdict.checks - after.verdict.checksFailed
  return passed > checks - checksFailed ? after.verdict.reason : undefined
}

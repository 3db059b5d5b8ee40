/**
 * What connections show about the health of their backends, and what the health of backends means for connections. It tells
 * clusters which connections got no answer. It ends the connections of backends that are down, and of later tiers when an
 * earlier tier works again.
 */
import type { Backend } from '../cluster/backend.js'
import type { Cluster } from '../cluster/cluster.js'
import { RESET, type Unanswered } from '../cluster/health/ejections.js'
import type { JudgeHooks } from '../cluster/judge.js'
import type { SharedVerdict } from '../cluster/shared-verdict.js'
import type { Connection } from '../connection/connection.js'
import type { RecordEnding } from '../observe/records/record.js'
import { AnswerWatch } from './answer-watch.js'
import type { Drains } from './drains/drains.js'

/**
 * ms. A reset this soon after the connect is a failure of the backend if neither side has had a byte. A backend that was sent
 * bytes may have reset because of them: clients must not be able to make a backend look broken.
 */
const EARLY_MS = 1000
/** ms for the return to an earlier tier, if the config sets no time for drains. */
const RETURN_WITHIN_MS = 30_000

/** What it needs of its proxy. */
export interface ConsequencesHost {
  readonly drains: Drains
  readonly config: { readonly timeouts: { readonly drainMs: number } }
  readonly clusters: { get(name: string): Cluster | undefined }
  connections(): readonly Connection[]
}

export class Consequences {
  readonly #proxy: ConsequencesHost
  /** Tells other processes. */
  readonly #tell: (verdict: SharedVerdict) => void
  readonly #answers = new AnswerWatch()
  /** The returns that run, by cluster. */
  readonly #returns = new Map<string, ReturnType<Drains['begin']>>()

  constructor(proxy: ConsequencesHost, tell: (verdict: SharedVerdict) => void) {
    this.#proxy = proxy
    this.#tell = tell
  }

  /** For the cluster of this name. */
  hooksOf(cluster: string): JudgeHooks {
    const tell = this.#tell
    return {
      onCalledDown: (backend) => this.#endAll(cluster, backend),
      onServingTier: (tier) => this.#serves(cluster, tier),
      onPassiveVerdict: ({ name: backend }, verdict) => tell({ about: 'backend', cluster, backend, verdict }),
      onMoved: (moved) => tell({ about: 'tier', cluster, moved }),
    }
  }

  /** A backend has accepted. */
  connected(connection: Connection): void {
    const cluster = clusterOf(connection)
    if (cluster !== undefined && cluster.health.answerMs > 0) this.#answers.add(connection, cluster)
  }

  /** The backend's first byte has come. */
  answered(connection: Connection): void {
    const { backend } = connection
    if (backend !== undefined) clusterOf(connection)?.judge.answered(backend)
    this.#answers.answered(connection)
  }

  /** Another process goes on with it. */
  left(connection: Connection): void {
    this.#answers.delete(connection)
  }

  ended(connection: Connection, ending: RecordEnding): void {
    this.#answers.delete(connection)
    const { backend, connectedMs, firstByteMicros } = connection
    if (backend === undefined || connectedMs === undefined || firstByteMicros !== undefined) return
    const cluster = clusterOf(connection)
    if (cluster === undefined) return
    const why = connection.totals.bytesUp === 0 ? failureOf(connection, ending, connectedMs) : undefined
    if (why !== undefined) cluster.judge.unanswered(backend, why)
    else if (provesItsHealth(ending, connectedMs, cluster)) cluster.judge.answered(backend)
  }

  #endAll(name: string, backend: Backend): void {
    const onDown = this.#proxy.clusters.get(name)?.health.onDown
    if (onDown === undefined || onDown === 'keep') return
    for (const connection of this.#proxy.connections()) {
      if (connection.backend !== backend || connection.connectedMs === undefined) continue
      connection.end('backend-down', onDown === 'reset')
    }
  }

  /** Another tier serves. What an earlier return has not ended yet goes on, if its tier is not too late any more. */
  #serves(name: string, tier: number | undefined): void {
    const { clusters, drains, config } = this.#proxy
    this.#returns.get(name)?.release(() => true)
    this.#returns.delete(name)
    if (tier === undefined || clusters.get(name)?.health.onRecovered !== 'return') return
    const returning = this.#proxy
      .connections()
      .filter((each) => each.cluster === name && (each.backend?.tier ?? 0) > tier)
    if (returning.length === 0) return
    const withinMs = config.timeouts.drainMs || RETURN_WITHIN_MS
    const times = { deadlineMs: withinMs, spreadMs: withinMs }
    const drain = drains.begin({ cluster: name }, returning, times, 'backend-recovered')
    this.#returns.set(name, drain)
    void drain.done.then(() => {
      if (this.#returns.get(name) === drain) this.#returns.delete(name)
    })
  }
}

/** Undefined: no cluster judges the backend of the connection. */
const clusterOf = ({ destination, hasOwnBackend }: Connection): Cluster | undefined =>
  hasOwnBackend ? undefined : destination?.cluster

/** What a connection without a byte of its client shows of its backend. Undefined: no failure. */
function failureOf(
  connection: Connection,
  ending: RecordEnding,
  connectedMs: number,
): Unanswered | undefined {
  if (isReset(ending) && connectedMs < EARLY_MS) return RESET
  const { origination, startTls } = connection.destination?.preamble ?? {}
  // A client that chooses the server name can choose one that the backend does not have.
  if ((origination ?? startTls) === undefined || origination?.usesNameOfClient) return undefined
  if (ending.cause === 'response-timeout') return { reason: 'L6TOUT', detail: undefined }
  const [cause, detail] = ending.cause.split(': ', 2)
  return cause === 'backend-tls' ? { reason: 'L6RSP', detail } : undefined
}

/** A FIN is no failure: the backend may have nothing to say. */
const isReset = ({ by, cause, errno }: RecordEnding): boolean =>
  by === 'backend' && (cause === 'reset' || (cause === 'backend-gone' && errno === 'ECONNRESET'))

/** Without a byte of the backend. Where backends have to answer, only their own FIN says that they live. */
function provesItsHealth({ by, cause }: RecordEnding, connectedMs: number, { health }: Cluster): boolean {
  if (cause === 'finished' && by === 'backend') return true
  return health.answerMs === 0 && (cause === 'finished' || connectedMs >= EARLY_MS)
}

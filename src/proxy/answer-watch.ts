/**
 * Finds backends that take bytes of clients and never answer, for clusters with `health.answerMs`. It watches their
 * connections until the first byte of the backend, and sets no timer while there are none. It ends no connection.
 */
import type { Backend } from '../cluster/backend.js'
import type { Cluster } from '../cluster/cluster.js'
import { SILENT } from '../cluster/health/ejections.js'
import type { Connection } from '../connection/connection.js'

const SHORTEST_TICK_MS = 10
const LONGEST_TICK_MS = 1000

interface Watched {
  readonly cluster: Cluster
  /** The limit that `silentSince` is judged by. A reload can set another one. */
  answerMs: number
  bytesUp: number
  /** When we saw that the backend has taken bytes, and no more came. Undefined: it has none. */
  silentSince: number | undefined
}

export class AnswerWatch {
  readonly #watched = new Map<Connection, Watched>()
  /** When backends with a watched connection last answered one. */
  readonly #answeredAt = new WeakMap<Backend, number>()
  #timer: NodeJS.Timeout | undefined
  #tickMs = Number.POSITIVE_INFINITY

  /** A backend has accepted. `answerMs` of the cluster is above 0. */
  add(connection: Connection, cluster: Cluster): void {
    const { answerMs } = cluster.health
    this.#watched.set(connection, { cluster, answerMs, bytesUp: 0, silentSince: undefined })
    const tickMs = Math.min(Math.max(answerMs / 4, SHORTEST_TICK_MS), LONGEST_TICK_MS)
    if (tickMs >= this.#tickMs) return
    this.#tickMs = tickMs
    clearInterval(this.#timer)
    this.#timer = setInterval(() => this.#look(), tickMs).unref()
  }

  /** The first byte of its backend has come. */
  answered(connection: Connection): void {
    if (this.#watched.size === 0 || !this.#watched.delete(connection)) return
    if (connection.backend !== undefined) this.#answeredAt.set(connection.backend, performance.now())
  }

  /** It is over. */
  delete(connection: Connection): void {
    if (this.#watched.size > 0) this.#watched.delete(connection)
  }

  #look(): void {
    const now = performance.now()
    for (const [connection, watched] of this.#watched) {
      if (!this.#isOver(connection, watched, now)) continue
      this.#watched.delete(connection)
      const { backend } = connection
      if (backend !== undefined && this.#isSilent(backend, watched))
        watched.cluster.judge.unanswered(backend, SILENT)
    }
    if (this.#watched.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#tickMs = Number.POSITIVE_INFINITY
  }

  /** Nothing more is to be learnt from the connection. */
  #isOver({ totals: { bytesUp } }: Connection, watched: Watched, now: number): boolean {
    const { answerMs } = watched.cluster.health
    if (answerMs === 0) {
      watched.silentSince = undefined
      return true
    }
    // A backend may wait for the end of what it is sent. A new limit begins anew.
    if (bytesUp > watched.bytesUp || answerMs !== watched.answerMs) {
      watched.bytesUp = bytesUp
      watched.answerMs = answerMs
      watched.silentSince = bytesUp > 0 ? now : undefined
    }
    return watched.silentSince !== undefined && now - watched.silentSince >= answerMs
  }

  /** A backend that has answered others meanwhile works: this client may have sent half a request. */
  #isSilent(backend: Backend, { silentSince }: Watched): boolean {
    return silentSince !== undefined && (this.#answeredAt.get(backend) ?? 0) < silentSince
  }
}

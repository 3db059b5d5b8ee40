/**
 * Finds backends that take bytes of clients and never answer, for clusters with `health.answerMs`. It watches their
 * connections until the first byte of the backend, and sets no timer while there are none. It ends no connection.
 */
import type { Cluster } from '../cluster/cluster.js'
import type { Connection } from '../connection/connection.js'

const SHORTEST_TICK_MS = 10
const LONGEST_TICK_MS = 1000

interface Watched {
  readonly cluster: Cluster
  /** When we first saw that the backend has taken bytes. */
  tookAt: number | undefined
}

export class AnswerWatch {
  readonly #watched = new Map<Connection, Watched>()
  #timer: NodeJS.Timeout | undefined
  #tickMs = Number.POSITIVE_INFINITY

  /** A backend has accepted. `answerMs` of the cluster is above 0. */
  add(connection: Connection, cluster: Cluster): void {
    this.#watched.set(connection, { cluster, tookAt: undefined })
    const tickMs = Math.min(Math.max(cluster.health.answerMs / 4, SHORTEST_TICK_MS), LONGEST_TICK_MS)
    if (tickMs >= this.#tickMs) return
    this.#tickMs = tickMs
    clearInterval(this.#timer)
    this.#timer = setInterval(() => this.#look(), tickMs).unref()
  }

  /** It was answered, or it is over. */
  delete(connection: Connection): void {
    if (this.#watched.size > 0) this.#watched.delete(connection)
  }

  #look(): void {
    const now = performance.now()
    for (const [connection, watched] of this.#watched) {
      if (watched.tookAt === undefined && connection.totals.bytesUp > 0) watched.tookAt = now
      const { cluster, tookAt } = watched
      if (tookAt === undefined || now - tookAt < cluster.health.answerMs) continue
      this.#watched.delete(connection)
      if (connection.backend !== undefined) cluster.judge.unanswered(connection.backend, 'silent')
    }
    if (this.#watched.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#tickMs = Number.POSITIVE_INFINITY
  }
}

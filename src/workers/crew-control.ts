/**
 * What an operator can see and do of several workers, as if they were one proxy: everybody is asked, and what they
 * answer is put together.
 */
import type {
  BackendChange,
  ConnectionFilter,
  ConnectionInfo,
  ConnectionList,
  ConnectionQuery,
  Control,
  DrainOrder,
  DrainResult,
  Killed,
  Reloaded,
} from '../admin/control.js'
import type { BackendStatus } from '../cluster/backend.js'
import type { LogLevel } from '../config/input.js'
import { MillraceError } from '../errors.js'
import { mergeStatuses } from '../observe/merge.js'
import type { ProxyStatus } from '../observe/status.js'
import type { Crew } from './crew.js'

const DEFAULT_LIMIT = 100

export abstract class CrewControl implements Control {
  readonly #crew: Crew

  constructor(crew: Crew) {
    this.#crew = crew
  }

  abstract reload(): Promise<Reloaded>

  async status(): Promise<ProxyStatus> {
    const statuses = await this.#crew.ask<ProxyStatus>({ method: 'status', args: [] })
    if (statuses.length === 0) throw new MillraceError('wrong-state', 'no worker is there at this moment')
    return mergeStatuses(statuses)
  }

  async connections(query: ConnectionQuery): Promise<ConnectionList> {
    const lists = await this.#crew.ask<ConnectionList>({ method: 'connections', args: [query] })
    const weigh = WEIGHTS[query.sort ?? 'rate']
    return {
      matched: sum(lists.map(({ matched }) => matched)),
      connections: lists
        .flatMap(({ connections }) => connections)
        .sort((a, b) => weigh(b) - weigh(a))
        .slice(0, query.limit ?? DEFAULT_LIMIT),
    }
  }

  async kill(filter: ConnectionFilter): Promise<Killed> {
    const answers = await this.#crew.ask<Killed>({ method: 'kill', args: [filter] })
    return { killed: sum(answers.map(({ killed }) => killed)) }
  }

  async drain(order: DrainOrder): Promise<DrainResult> {
    const results = await this.#crew.ask<DrainResult>({ method: 'drain', args: [order] })
    return {
      finished: sum(results.map(({ finished }) => finished)),
      closed: sum(results.map(({ closed }) => closed)),
      cut: sum(results.map(({ cut }) => cut)),
      ...(results.some(({ cancelled }) => cancelled) && { cancelled: true as const }),
    }
  }

  async changeBackend(cluster: string, backend: string, change: BackendChange): Promise<BackendStatus> {
    await this.#crew.ask<BackendStatus>({ method: 'changeBackend', args: [cluster, backend, change] })
    const { clusters } = await this.status()
    const found = clusters
      .find(({ name }) => name === cluster)
      ?.backends.find(({ address }) => address === backend)
    if (found === undefined) throw new MillraceError('unknown-name', `there is no backend ${backend}`)
    const { traffic, ...status } = found
    return status
  }

  async setLogLevel(level: LogLevel): Promise<{ readonly level: LogLevel }> {
    await this.#crew.ask({ method: 'setLogLevel', args: [level] })
    return { level }
  }

  async reopenLogs(): Promise<void> {
    await this.#crew.ask({ method: 'reopenLogs', args: [] })
  }
}

const WEIGHTS: Record<NonNullable<ConnectionQuery['sort']>, (connection: ConnectionInfo) => number> = {
  rate: ({ up, down }) => up.bytesPerSecond + down.bytesPerSecond,
  bytes: ({ up, down }) => up.bytes + down.bytes,
  age: ({ ageMs }) => ageMs,
  idle: ({ idleMs }) => idleMs,
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

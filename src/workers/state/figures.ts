/**
 * Puts the figures of all workers together, like those of one proxy: the figures of workers that answer, the
 * last figures of those that do not, and the counts of those that are gone. Workers report their counts once
 * a second while they have connections (worker.ts), so no counter falls when one dies.
 */
import { mergeStatuses } from '../../observe/counts/merge.js'
import { addPasts, pastOf } from '../../observe/counts/past.js'
import type { ProxyStatus } from '../../observe/status.js'
import type { Call } from '../messages.js'
import type { ServingWorkers } from '../slots/serving-workers.js'
import type { WorkerChannel } from '../slots/worker-channel.js'
import { differences } from './differences.js'

export class Figures {
  readonly #serving: ServingWorkers
  #past: ProxyStatus | undefined
  #deaths = 0

  constructor(serving: ServingWorkers) {
    this.#serving = serving
  }

  gone({ last }: WorkerChannel): void {
    if (last === undefined) return
    const past = pastOf(last)
    this.#past = this.#past === undefined ? past : addPasts(this.#past, past)
  }

  /** A worker has ended without an order. */
  died(): void {
    this.#deaths++
  }

  /** `idle` is the status of a proxy with this config that has not begun to serve. */
  async status(idle: ProxyStatus): Promise<ProxyStatus> {
    const call: Call = { method: 'status', args: [] }
    const seen = await this.#serving.look<ProxyStatus>(call, (channel, status) => {
      channel.last = status
    })
    // A worker that is not in the past yet is present, whether it answered or not.
    const live = this.#serving.channels.flatMap(({ last }) => last ?? [])
    const named = live.length === 0 ? idle : { ...pastOf(idle), listeners: idle.listeners }
    const merged = mergeStatuses([named, ...live, ...(this.#past === undefined ? [] : [this.#past])])
    return {
      ...merged,
      workersSilent: seen.filter(({ value }) => value === undefined).length,
      workerDeaths: this.#deaths,
      workersDiffer: differences(live),
    }
  }
}

/**
 * The figures of all workers, as those of one proxy: of those that answer, of those that do not as they were last, and
 * what those have counted that are gone. Workers tell what they count once a second while they have connections
 * (worker.ts), so no counter ever falls because one dies.
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

  /** One has ended without an order. */
  died(): void {
    this.#deaths++
  }

  /** `idle` is the status of a proxy of this config that has not begun to serve. */
  async status(idle: ProxyStatus): Promise<ProxyStatus> {
    const call: Call = { method: 'status', args: [] }
    const seen = await this.#serving.look<ProxyStatus>(call, (channel, status) => {
      channel.last = status
    })
    // Whoever is not in the past yet is present, answered or not.
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

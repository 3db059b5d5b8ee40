/**
 * The figures of all workers, as those of one proxy: of those that answer, of those that do not as they were last, and
 * what those have counted that are gone. Workers tell what they count once a second while they have connections
 * (worker.ts), so no counter ever falls because one dies.
 */
import { mergeStatuses } from '../observe/merge.js'
import { addPasts, pastOf } from '../observe/past.js'
import type { ProxyStatus } from '../observe/status.js'
import type { Crew } from './crew.js'
import { differences } from './differences.js'
import type { Line } from './line.js'

export class Figures {
  readonly #crew: Crew
  #past: ProxyStatus | undefined
  #deaths = 0

  constructor(crew: Crew) {
    this.#crew = crew
  }

  gone({ last }: Line): void {
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
    const seen = await this.#crew.look<ProxyStatus>({ method: 'status', args: [] })
    for (const { line, value } of seen) line.last = value ?? line.last
    // Whoever is not in the past yet is present, answered or not.
    const live = this.#crew.lines.flatMap(({ last }) => last ?? [])
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

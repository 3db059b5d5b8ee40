/**
 * Asks every worker at intervals whether it lives. It reports a worker that does not answer, and kills it
 * after a time. Then another worker takes the slot and serves the clients that wait there.
 */
import type { Log } from '../../observe/log/log.js'
import type { ServingWorkers } from './serving-workers.js'

/**
 * Questions within the time that a worker has to answer. A hang is noticed late by at most one such interval.
 */
const ASKED_PER_LIMIT = 3
/** ms. An idle supervisor wakes that often, once for each worker. */
const LONGEST_PAUSE_MS = 10_000

export class Watchdog {
  readonly #serving: ServingWorkers
  readonly #log: Log
  readonly #hangMs: () => number

  /** `hangMs`: how long a worker may owe an answer now. 0: for ever. */
  constructor(serving: ServingWorkers, log: Log, hangMs: () => number) {
    this.#serving = serving
    this.#log = log
    this.#hangMs = hangMs
  }

  /** Runs until the process ends. */
  start(): void {
    const hangMs = this.#hangMs()
    const pauseMs = hangMs === 0 ? LONGEST_PAUSE_MS : Math.min(hangMs / ASKED_PER_LIMIT, LONGEST_PAUSE_MS)
    setTimeout(() => {
      this.#ask(pauseMs)
      this.start()
    }, pauseMs).unref()
  }

  /** Counts intervals, not time: if this process was stopped, the workers were stopped too. */
  #ask(pauseMs: number): void {
    const hangMs = this.#hangMs()
    for (const channel of this.#serving.channels) {
      const missed = channel.ping()
      if (missed > 0) this.#serving.noteSilence(channel)
      if (hangMs === 0 || missed * pauseMs < hangMs) continue
      const fields = { worker: channel.slot, workerPid: channel.pid, workerHangMs: hangMs }
      this.#log.error(fields, 'a worker has not answered for too long: the supervisor kills it')
      channel.kill()
    }
  }
}

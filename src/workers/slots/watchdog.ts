/**
 * Asks every worker now and then whether it lives. One that does not answer is told of, and ended after a time, so that
 * another one comes in its slot and serves those who wait there.
 */
import type { Log } from '../../observe/log/log.js'
import type { ServingWorkers } from './serving-workers.js'

/** Of the time a worker has to answer; so much later, at most, it is noticed that it has not. */
const ASKED_PER_LIMIT = 3
/** An idle supervisor wakes once for each worker then (ms). */
const LONGEST_PAUSE_MS = 10_000

export class Watchdog {
  readonly #serving: ServingWorkers
  readonly #log: Log
  readonly #hangMs: () => number

  /** `hangMs`: how long a worker may owe an answer, at this moment; 0: for ever. */
  constructor(serving: ServingWorkers, log: Log, hangMs: () => number) {
    this.#serving = serving
    this.#log = log
    this.#hangMs = hangMs
  }

  /** Until the process ends. */
  start(): void {
    const hangMs = this.#hangMs()
    const pauseMs = hangMs === 0 ? LONGEST_PAUSE_MS : Math.min(hangMs / ASKED_PER_LIMIT, LONGEST_PAUSE_MS)
    setTimeout(() => {
      this.#ask(pauseMs)
      this.start()
    }, pauseMs).unref()
  }

  /** Pauses are counted, not time: where this process was stopped itself, the workers were, too. */
  #ask(pauseMs: number): void {
    const hangMs = this.#hangMs()
    for (const channel of this.#serving.channels) {
      const missed = channel.ping()
      if (missed > 0) this.#serving.noteSilence(channel)
      if (hangMs === 0 || missed * pauseMs < hangMs) continue
      const fields = { worker: channel.slot, workerPid: channel.pid, workerHangMs: hangMs }
      this.#log.error(fields, 'a worker has not answered for too long: it is ended')
      channel.kill('SIGKILL')
    }
  }
}

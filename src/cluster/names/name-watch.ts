/**
 * One name that is asked for again and again. It decides when the next question is due, and what an answer means beside the
 * answers before it. No timer here keeps the process alive.
 */
import { ask, type KnownHosts, type QuestionOptions } from './dns-question.js'
import { LastGood } from './last-good.js'
import {
  type Asking,
  areSame,
  formatPlace,
  type Meaning,
  type Name,
  type NameStatus,
  type Place,
  type Reading,
} from './provider.js'
import type { NamesSettings } from './settings.js'

const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 30_000
/** A timer that is due later fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** What a watched name needs of its provider. */
export interface NameWatchHost {
  /** As it is at present: a reload can change it. */
  readonly question: Omit<QuestionOptions, 'known'>
  /** At least 0, less than 1. */
  random(): number
  /** There was no answer. The next question is asked in `retryMs`. */
  failed(name: Name, code: string, retryMs: number): void
  /** The name means other places than before, as `formatPlace` writes them. */
  moved(name: Name, places: readonly string[], before: readonly string[]): void
}

export class NameWatch {
  readonly name: Name
  readonly listeners = new Set<(meaning: Meaning) => void>()
  readonly #host: NameWatchHost
  readonly #last = new LastGood<Place>()
  readonly #known: KnownHosts = new Map()
  #asking: Asking | undefined
  #timer: NodeJS.Timeout | undefined
  #failuresInARow = 0
  #error: string | undefined
  #answeredAt: number | undefined
  #nextAt: number | undefined

  constructor(name: Name, host: NameWatchHost) {
    this.name = name
    this.#host = host
    this.#ask()
  }

  get meaning(): Meaning {
    return { places: this.#last.present, isAsking: this.#asking !== undefined, error: this.#error }
  }

  /** Asks now, because other servers or other settings hold. */
  askAnew(): void {
    this.stop()
    this.#failuresInARow = 0
    this.#ask()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#asking?.cancel()
    this.#asking = undefined
  }

  status(): NameStatus {
    return {
      ...this.name,
      places: formatted(this.#last.present),
      answeredAt: timeOf(this.#answeredAt),
      nextAt: timeOf(this.#nextAt),
      isFailing: this.#error !== undefined,
      error: this.#error,
    }
  }

  #ask(): void {
    this.#nextAt = undefined
    this.#asking = ask(this.name, { ...this.#host.question, known: this.#known }, (reading) => {
      this.#asking = undefined
      this.#take(reading)
    })
    if (this.#last.present === undefined) this.#tell()
  }

  #take(reading: Reading): void {
    const before = this.#last.present
    const { settings } = this.#host.question
    if (reading.kind === 'places') this.#found(reading.places, reading.ttlMs, settings)
    else this.#missed(reading, settings)
    const { meaning } = this
    const isSame = areSame(before, meaning.places)
    if (!isSame) this.#host.moved(this.name, formatted(meaning.places), formatted(before))
    if (!isSame || meaning.places === undefined) this.#tell()
  }

  #tell(): void {
    const { meaning } = this
    for (const changed of [...this.listeners]) changed(meaning)
  }

  #found(places: readonly Place[], ttlMs: number, { minTtlMs, maxTtlMs }: NamesSettings): void {
    this.#last.found(places)
    this.#failuresInARow = 0
    this.#error = undefined
    this.#answeredAt = Date.now()
    this.#askIn(Math.max(minTtlMs, Math.min(ttlMs, maxTtlMs)))
  }

  #missed(reading: Exclude<Reading, { kind: 'places' }>, settings: NamesSettings): void {
    const { now } = this.#host.question
    if (reading.kind === 'empty') this.#last.wasEmpty(now(), settings)
    this.#error = reading.code
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failuresInARow, LONGEST_RETRY_MS)
    this.#failuresInARow += 1
    this.#host.failed(this.name, reading.code, this.#askIn(retryMs))
  }

  /** Returns the time with its jitter. */
  #askIn(ms: number): number {
    const { settings } = this.#host.question
    const jitter = (settings.jitterPercent / 100) * (this.#host.random() * 2 - 1)
    const waitMs = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.round(ms * (1 + jitter))))
    this.#nextAt = Date.now() + waitMs
    this.#timer = setTimeout(() => this.#ask(), waitMs).unref()
    return waitMs
  }
}

const formatted = (places: readonly Place[] | undefined): string[] => (places ?? []).map(formatPlace)

const timeOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString()

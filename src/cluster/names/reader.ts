/**
 * Names that are asked for once, by clients that wait for the answer. Questions for the same name that are under way at the
 * same time are one question, so a name that is slow and much wanted does not hold up others.
 */
import type { DnsClient } from '../../dns/client.js'
import { ask } from './dns-question.js'
import { type Asking, keyOf, type Name, type Reading } from './provider.js'
import type { NamesSettings } from './settings.js'

export interface ReaderOptions {
  readonly createClient: (settings: NamesSettings) => DnsClient
  /** A clock in ms that never goes back. Default: `performance.now`. */
  now?(): number
}

type Listener = (reading: Reading) => void

interface UnderWay {
  readonly asking: Asking
  /** Those who wait for the answer. */
  readonly listeners: Set<Listener>
}

export class Reader {
  readonly #options: ReaderOptions
  readonly #underWay = new Map<string, UnderWay>()
  #settings: NamesSettings
  /** One of its own, because a client has a limit of questions: these must not hold up names that are watched. */
  #client: DnsClient | undefined

  constructor(settings: NamesSettings, options: ReaderOptions) {
    this.#settings = settings
    this.#options = options
  }

  /** Other servers or other settings hold for later questions. */
  configure(settings: NamesSettings): void {
    this.#settings = settings
    this.#client = undefined
    this.#underWay.clear()
  }

  /** As in `NamesProvider`. */
  read(name: Name, done: Listener): Asking {
    const key = keyOf(name)
    const question = this.#underWay.get(key) ?? this.#begin(key, name)
    // A function of its own, because the same one may ask twice.
    const listener: Listener = (reading) => done(reading)
    question.listeners.add(listener)
    return {
      cancel: () => {
        question.listeners.delete(listener)
        if (question.listeners.size > 0) return
        this.#forget(key, question)
        question.asking.cancel()
      },
    }
  }

  #begin(key: string, name: Name): UnderWay {
    this.#client ??= this.#options.createClient(this.#settings)
    const now = this.#options.now ?? (() => performance.now())
    const options = { client: this.#client, settings: this.#settings, known: new Map(), now }
    const listeners = new Set<Listener>()
    const asking = ask(name, options, (reading) => {
      this.#forget(key, question)
      for (const listener of listeners) listener(reading)
    })
    const question: UnderWay = { asking, listeners }
    this.#underWay.set(key, question)
    return question
  }

  #forget(key: string, question: UnderWay): void {
    if (this.#underWay.get(key) === question) this.#underWay.delete(key)
  }
}

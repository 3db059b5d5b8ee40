/**
 * What names mean according to DNS. Each name is asked for once, however many clusters watch it, and again when its answer
 * expires. It is the only place that asks for the names of backends.
 */
import type { DnsClient } from '../../dns/client.js'
import { NameWatch, type NameWatchHost } from './name-watch.js'
import {
  type Asking,
  keyOf,
  type Meaning,
  type Name,
  type NameStatus,
  type NamesProvider,
  type Reading,
  type Watching,
} from './provider.js'
import { Reader } from './reader.js'
import type { NamesSettings } from './settings.js'

/** All hooks are optional. A hook must not throw. */
export type NamesHooks = Partial<Pick<NameWatchHost, 'failed' | 'moved'>>

export interface DnsNamesOptions extends NamesHooks {
  readonly createClient: (settings: NamesSettings) => DnsClient
  /** A clock in ms that never goes back. Default: `performance.now`. */
  now?(): number
  /** At least 0, less than 1. Default: `Math.random`. */
  random?(): number
}

export class DnsNames implements NamesProvider {
  readonly #options: DnsNamesOptions
  readonly #watches = new Map<string, NameWatch>()
  readonly #host: NameWatchHost
  #question: NameWatchHost['question']
  readonly #reader: Reader

  constructor(settings: NamesSettings, options: DnsNamesOptions) {
    this.#options = options
    this.#question = this.#questionBy(settings)
    this.#reader = new Reader(settings, options)
    const provider = this
    this.#host = {
      get question() {
        return provider.#question
      },
      random: options.random ?? Math.random,
      failed: (name, code, retryMs) => options.failed?.(name, code, retryMs),
      moved: (name, places, before) => options.moved?.(name, places, before),
    }
  }

  /** Other servers or other settings hold from now on. All names are asked for again. Last good answers stay. */
  configure(settings: NamesSettings): void {
    this.#question = this.#questionBy(settings)
    this.#reader.configure(settings)
    for (const watch of this.#watches.values()) watch.askAnew()
  }

  read(name: Name, done: (reading: Reading) => void): Asking {
    return this.#reader.read(name, done)
  }

  watch(name: Name, changed: (meaning: Meaning) => void): Watching {
    const key = keyOf(name)
    const watch = this.#watches.get(key) ?? new NameWatch(name, this.#host)
    this.#watches.set(key, watch)
    // A function of its own, because the same one may watch twice.
    const listener = (meaning: Meaning): void => changed(meaning)
    watch.listeners.add(listener)
    return {
      get meaning() {
        return watch.meaning
      },
      stop: () => {
        watch.listeners.delete(listener)
        if (watch.listeners.size > 0 || this.#watches.get(key) !== watch) return
        watch.stop()
        this.#watches.delete(key)
      },
    }
  }

  status(): NameStatus[] {
    return Array.from(this.#watches.values(), (watch) => watch.status())
  }

  #questionBy(settings: NamesSettings): NameWatchHost['question'] {
    const now = this.#options.now ?? (() => performance.now())
    return { client: this.#options.createClient(settings), settings, now }
  }
}

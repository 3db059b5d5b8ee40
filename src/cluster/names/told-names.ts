/**
 * What names mean according to another process, which asks for all. Only a question that is asked once goes to DNS from
 * here. If nobody tells anything any more, the last answers stay.
 */
import {
  ASKING,
  type Asking,
  formatPlace,
  keyOf,
  type Meaning,
  type Name,
  type NameStatus,
  type NamesProvider,
  type Reading,
  type Watching,
} from './provider.js'
import { Reader, type ReaderOptions } from './reader.js'
import type { NamesSettings } from './settings.js'

/** Passes between processes. Undefined: nobody needs the name any more. */
export interface ToldName {
  readonly name: Name
  readonly meaning: Meaning | undefined
}

interface Watched {
  readonly name: Name
  readonly listeners: Set<(meaning: Meaning) => void>
}

export class ToldNames implements NamesProvider {
  readonly #told = new Map<string, Meaning>()
  readonly #watched = new Map<string, Watched>()
  readonly #reader: Reader

  constructor(settings: NamesSettings, options: ReaderOptions) {
    this.#reader = new Reader(settings, options)
  }

  /** Other servers or other settings hold from now on. */
  configure(settings: NamesSettings): void {
    this.#reader.configure(settings)
  }

  hear(names: readonly ToldName[]): void {
    for (const { name, meaning } of names) {
      const key = keyOf(name)
      if (meaning === undefined) {
        this.#told.delete(key)
        continue
      }
      this.#told.set(key, meaning)
      for (const changed of [...(this.#watched.get(key)?.listeners ?? [])]) changed(meaning)
    }
  }

  read(name: Name, done: (reading: Reading) => void): Asking {
    return this.#reader.read(name, done)
  }

  watch(name: Name, changed: (meaning: Meaning) => void): Watching {
    const key = keyOf(name)
    const watched = this.#watched.get(key) ?? { name, listeners: new Set() }
    this.#watched.set(key, watched)
    const listener = (meaning: Meaning): void => changed(meaning)
    watched.listeners.add(listener)
    const meaningOf = (): Meaning => this.#told.get(key) ?? ASKING
    return {
      get meaning() {
        return meaningOf()
      },
      stop: () => {
        watched.listeners.delete(listener)
        if (watched.listeners.size === 0 && this.#watched.get(key) === watched) this.#watched.delete(key)
      },
    }
  }

  status(): NameStatus[] {
    return Array.from(this.#watched.values(), ({ name }) => {
      const { places, error } = this.#told.get(keyOf(name)) ?? ASKING
      return {
        ...name,
        places: (places ?? []).map(formatPlace),
        answeredAt: undefined,
        nextAt: undefined,
        isFailing: error !== undefined,
        error,
      }
    })
  }
}

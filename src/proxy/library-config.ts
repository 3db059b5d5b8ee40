/** The config of a library proxy: the one that the program has given last, and its changes at run time. */
import { ChangingConfig } from '../config/changes/changing-config.js'
import type { Base } from '../config/changes/combine.js'
import { withLists } from '../config/lists.js'
import type { Config } from '../config/schema.js'

/** A config that was checked, and what it was made of. */
export type GivenConfig = Base

/** What is given, for a config that has been checked. The program may change its own object later. */
export const givenConfig = (copy: unknown, config: Config): GivenConfig => ({
  input: withLists(copy),
  config,
})

export class LibraryConfig {
  readonly changing: ChangingConfig
  #given: GivenConfig

  constructor(given: GivenConfig) {
    this.#given = given
    this.changing = new ChangingConfig(given, { read: () => this.#given, finish: (config) => config })
  }

  /** The program has given another config. Its changes at run time stay if they fit. */
  load(given: GivenConfig): ReturnType<ChangingConfig['load']> {
    const before = this.#given
    this.#given = given
    const candidate = this.changing.load()
    return {
      ...candidate,
      givenUp: () => {
        this.#given = before
        candidate.givenUp?.()
      },
    }
  }
}

/** Maps and lists are copied, and everything else stays what it is: functions, bytes, objects of a class. */
export function copyOf(value: unknown, copies = new Map<object, unknown>()): unknown {
  if (typeof value !== 'object' || value === null) return value
  const known = copies.get(value)
  if (known !== undefined) return known
  if (Array.isArray(value)) {
    const list: unknown[] = []
    copies.set(value, list)
    for (const each of value) list.push(copyOf(each, copies))
    return list
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const map: Record<string, unknown> = Object.create(null)
  copies.set(value, map)
  for (const [key, each] of Object.entries(value)) map[key] = copyOf(each, copies)
  return map
}

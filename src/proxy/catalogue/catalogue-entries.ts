/**
 * What exists of one kind, by name: what its sources give, and what they give no more that is still in use. Plain data:
 * an entry is replaced, never changed.
 */

/**
 * Who has given an entry: the config, something that finds backends by itself, or an operator. A source takes nothing away
 * that another has given.
 */
export type Source = 'config' | 'discovered' | 'operator'

export interface Entry {
  readonly name: string
  /** The first that has given it. */
  readonly source: Source
  /** No source gives it any more: it is here for the connections it has. */
  readonly isLeaving: boolean
}

export class Entries<Each extends Entry> {
  #given = new Map<string, Each>()
  readonly #leaving = new Map<string, Each>()

  /** What is given at present, in the order of its sources. */
  get given(): Iterable<Each> {
    return this.#given.values()
  }

  /** The same, and what is leaving, the longest gone first. */
  get all(): readonly Each[] {
    return [...this.#given.values(), ...this.#leaving.values()]
  }

  get areLeaving(): boolean {
    return this.#leaving.size > 0
  }

  /** One that is given. */
  get(name: string): Each | undefined {
    return this.#given.get(name)
  }

  /** One that is given or leaving. */
  find(name: string): Each | undefined {
    return this.#given.get(name) ?? this.#leaving.get(name)
  }

  /** These are given from now on, and no others: those are leaving. */
  replace(entries: readonly Each[]): void {
    const before = this.#given
    this.#given = new Map(entries.map((each) => [each.name, each]))
    for (const name of this.#given.keys()) this.#leaving.delete(name)
    for (const each of before.values()) this.leave(each)
  }

  /** Known without being given. */
  leave(entry: Each): void {
    if (!this.#given.has(entry.name)) this.#leaving.set(entry.name, { ...entry, isLeaving: true })
  }

  /** Something else is said of one that is known. */
  update(entry: Each): void {
    const entries = entry.isLeaving ? this.#leaving : this.#given
    entries.set(entry.name, entry)
  }

  forgetLeaving(isUsed: (name: string) => boolean): void {
    for (const name of this.#leaving.keys()) if (!isUsed(name)) this.#leaving.delete(name)
  }
}

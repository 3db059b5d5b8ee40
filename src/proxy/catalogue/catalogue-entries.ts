/**
 * The things of one kind that exist, by name: those that a source gives, and those that no source gives any
 * more but connections still use. Plain data: an entry is replaced, never changed.
 */

/**
 * What gave an entry: the config, something that discovers backends, or an operator. A source cannot take
 * away what another source has given.
 */
export type Source = 'config' | 'discovered' | 'operator'

export interface Entry {
  readonly name: string
  /** The first source that gave it. */
  readonly source: Source
  /** No source gives it any more. It stays for its connections. */
  readonly isLeaving: boolean
}

export class Entries<Each extends Entry> {
  #given = new Map<string, Each>()
  readonly #leaving = new Map<string, Each>()

  /** The entries that a source gives now, in the order of the sources. */
  get given(): Iterable<Each> {
    return this.#given.values()
  }

  /** The same, then those that are leaving, the longest gone first. */
  get all(): readonly Each[] {
    return [...this.#given.values(), ...this.#leaving.values()]
  }

  get areLeaving(): boolean {
    return this.#leaving.size > 0
  }

  /** An entry that a source gives. */
  get(name: string): Each | undefined {
    return this.#given.get(name)
  }

  /** An entry that a source gives, or that is leaving. */
  find(name: string): Each | undefined {
    return this.#given.get(name) ?? this.#leaving.get(name)
  }

  /** From now on sources give these entries and no others. The others are leaving. */
  replace(entries: readonly Each[]): void {
    const before = this.#given
    this.#given = new Map(entries.map((each) => [each.name, each]))
    for (const name of this.#given.keys()) this.#leaving.delete(name)
    for (const each of before.values()) this.leave(each)
  }

  /** Adds an entry that no source gives. */
  leave(entry: Each): void {
    if (!this.#given.has(entry.name)) this.#leaving.set(entry.name, { ...entry, isLeaving: true })
  }

  /** Replaces an entry that is known. */
  update(entry: Each): void {
    const entries = entry.isLeaving ? this.#leaving : this.#given
    entries.set(entry.name, entry)
  }

  forgetLeaving(isUsed: (name: string) => boolean): void {
    for (const name of this.#leaving.keys()) if (!isUsed(name)) this.#leaving.delete(name)
  }
}

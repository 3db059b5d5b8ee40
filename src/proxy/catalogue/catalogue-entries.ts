/**
 * The things of one kind that exist, by name: those that an origin gives, and those that no origin gives any
 * more but connections still use. Plain data: an entry is replaced, never changed.
 */

/**
 * What gave an entry: the config, something that discovers backends, or an operator. An origin cannot take
 * away what another origin has given.
 */
export type Origin = 'config' | 'discovered' | 'operator'

export interface Entry {
  readonly name: string
  /** The first origin that gave it. */
  readonly origin: Origin
  /** No origin gives it any more. It stays for its connections. */
  readonly isLeaving: boolean
}

export class Entries<Each extends Entry> {
  #given = new Map<string, Each>()
  readonly #leaving = new Map<string, Each>()

  /** The entries that an origin gives now, in the order of the origins. */
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

  /** An entry that an origin gives. */
  get(name: string): Each | undefined {
    return this.#given.get(name)
  }

  /** An entry that an origin gives, or that is leaving. */
  find(name: string): Each | undefined {
    return this.#given.get(name) ?? this.#leaving.get(name)
  }

  /** From now on origins give these entries and no others. The others are leaving. */
  replace(entries: readonly Each[]): void {
    const before = this.#given
    this.#given = new Map(entries.map((each) => [each.name, each]))
    for (const name of this.#given.keys()) this.#leaving.delete(name)
    for (const each of before.values()) this.leave(each)
  }

  /** Adds an entry that no origin gives. */
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

/**
 * Places in limits that connections of another process hold: one that hands over to this process. This process takes the same
 * places for them, so that both together keep to the limits, and gives them back as those connections end.
 */
import type { Source } from '../../source.js'
import type { Counts, Want } from './counts.js'

/** The places that are held in one entry of the table. */
export interface HeldPlaces {
  readonly scope: string
  /** Undefined: the scope as a whole. */
  readonly source: string | undefined
  readonly held: number
}

/** What is held in these scopes, and by the sources in them. */
export function placesIn(counts: Counts, scopes: readonly string[]): HeldPlaces[] {
  return scopes.flatMap((scope) => {
    const sources = Array.from(counts.sources(scope), ({ source, held }) => ({ scope, source, held }))
    return [{ scope, source: undefined, held: counts.held({ scope }) }, ...sources].filter(
      ({ held }) => held > 0,
    )
  })
}

/** What differs from `before`, with 0 for what nobody holds any more. */
export function changedPlaces(before: readonly HeldPlaces[], after: readonly HeldPlaces[]): HeldPlaces[] {
  const known = new Map(before.map((each) => [keyOf(each), each.held]))
  const present = new Set(after.map(keyOf))
  const gone = before.filter((each) => !present.has(keyOf(each))).map((each) => ({ ...each, held: 0 }))
  return [...gone, ...after.filter((each) => known.get(keyOf(each)) !== each.held)]
}

export class PlacesOfAnother {
  readonly #counts: Counts
  /** The entries of this process's table, one for each place. */
  readonly #entries = new Map<string, number[]>()

  constructor(counts: Counts) {
    this.#counts = counts
  }

  /** From now on the other process holds this much of these entries. Of others it holds as much as before. */
  update(places: readonly HeldPlaces[]): void {
    for (const each of places) {
      const entries = this.#entries.get(keyOf(each)) ?? []
      const want = wantOf(each)
      while (entries.length > each.held) this.#counts.leave(entries.pop()!)
      while (entries.length < each.held && this.#take(want, entries));
      if (entries.length === 0) this.#entries.delete(keyOf(each))
      else this.#entries.set(keyOf(each), entries)
    }
  }

  /** The other process holds nothing any more. */
  clear(): void {
    for (const entry of [...this.#entries.values()].flat()) this.#counts.leave(entry)
    this.#entries.clear()
  }

  /** Returns whether the table has room for it. */
  #take(want: Want, entries: number[]): boolean {
    const { entries: taken } = this.#counts.take([want])
    if (taken !== undefined) entries.push(taken[0]!)
    return taken !== undefined
  }
}

/** They are held already, so nothing limits them. */
const wantOf = ({ scope, source }: HeldPlaces): Want => ({
  key: { scope, source: source as Source | undefined },
  most: 0,
  perSecond: 0,
  burst: 1,
})

const keyOf = ({ scope, source }: HeldPlaces): string => JSON.stringify([scope, source])

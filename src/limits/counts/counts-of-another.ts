/**
 * What limits count for connections of another process: one that hands over to this process. This process goes on with its rates
 * and its bytes. It takes the places that the connections of the other process hold, so that both together keep to the limits, and
 * gives them back as those connections end. A connection that moves takes over one of these places (`adopt`). The other process goes on
 * telling the places of connections that have moved (`give`): so no place is counted twice, and none is forgotten, at any moment.
 */
import type { Source } from '../../source.js'
import type { Counted, Counts, Want } from './counts.js'

/** What another process has counted in one entry of its table. */
export interface OthersCount extends Omit<Counted, 'newPerSecond' | 'given'> {
  readonly scope: string
  /** Undefined: the scope as a whole. */
  readonly source: string | undefined
  /** Places, those of connections that have moved included. */
  readonly held: number
}

/** A scope that is counted as a whole, or each source in it. */
export interface CountedScope {
  readonly scope: string
  readonly isOfSources: boolean
}

/** What another process needs of this table. `now`: ns of its clock. A rate that has recovered says nothing. */
export function countedIn(counts: Counts, scopes: readonly CountedScope[], now: number): OthersCount[] {
  return scopes.flatMap(({ scope, isOfSources }) =>
    [...(isOfSources ? counts.sources(scope) : wholeOf(counts, scope))].flatMap(
      ({ source, held, given, bytesToday, busyUntil }) =>
        held + given > 0 || bytesToday > 0 || busyUntil > now
          ? [{ scope, source, held: held + given, bytesToday, busyUntil }]
          : [],
    ),
  )
}

function wholeOf(counts: Counts, scope: string): Iterable<Counted & { readonly source: undefined }> {
  const counted = counts.look({ scope })
  return counted === undefined ? [] : [{ ...counted, source: undefined }]
}

/** What differs from `before`, with no places of what nobody holds any more. */
export function changedCounts(
  before: readonly OthersCount[],
  after: readonly OthersCount[],
): readonly OthersCount[] {
  const known = new Map(before.map((each) => [keyOf(each), each]))
  const present = new Set(after.map(keyOf))
  const gone = before
    .filter((each) => each.held > 0 && !present.has(keyOf(each)))
    .map((each) => ({ ...each, held: 0 }))
  return [...gone, ...after.filter((each) => !isSame(each, known.get(keyOf(each))))]
}

interface Known {
  /** The entries of the table of this process, one for each place. */
  readonly entries: number[]
  bytesToday: number
}

export class CountsOfAnother {
  readonly #counts: Counts
  readonly #known = new Map<string, Known>()

  constructor(counts: Counts) {
    this.#counts = counts
  }

  /** From now on the other process has counted this much in these entries. In others it has counted as much as before. */
  update(counted: readonly OthersCount[]): void {
    for (const each of counted) {
      const known = this.#known.get(keyOf(each)) ?? { entries: [], bytesToday: 0 }
      this.#known.set(keyOf(each), known)
      const { key } = wantOf(each)
      const bytesToday = moreBytes(known.bytesToday, each.bytesToday)
      known.bytesToday = each.bytesToday
      if (bytesToday > 0 || each.busyUntil > 0)
        this.#counts.add(key, { busyUntil: each.busyUntil, bytesToday })
      this.#hold(each, known.entries)
    }
  }

  /** The other process holds nothing any more. */
  clear(): void {
    for (const { entries } of this.#known.values()) for (const entry of entries) this.#counts.leave(entry)
    this.#known.clear()
  }

  /** As many places as the other process holds, if the table has room for them. */
  #hold(each: OthersCount, entries: number[]): void {
    while (entries.length > each.held) this.#counts.leave(entries.pop()!)
    while (entries.length < each.held) {
      const { entries: taken } = this.#counts.take([wantOf(each)])
      if (taken === undefined) return
      entries.push(taken[0]!)
    }
  }
}

/** A new day begins with 0. */
const moreBytes = (before: number, after: number): number => (after >= before ? after - before : after)

const isSame = (each: OthersCount, before: OthersCount | undefined): boolean =>
  before !== undefined &&
  each.held === before.held &&
  each.bytesToday === before.bytesToday &&
  each.busyUntil === before.busyUntil

/** They are held already, so nothing limits them. */
const wantOf = ({ scope, source }: OthersCount): Want => ({
  key: { scope, source: source as Source | undefined },
  most: 0,
  perSecond: 0,
  burst: 1,
})

/** A source has a fixed length, and no scope begins with this character. */
const keyOf = ({ scope, source }: OthersCount): string =>
  source === undefined ? scope : `\0${source}${scope}`

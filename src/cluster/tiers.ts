/**
 * Which tier of a cluster serves. With `failback: auto` it is the first one in which a backend works. With `manual` the
 * cluster stays at the tier it has moved to, until that one does not work either or an operator orders the failback. All
 * processes have to agree: who moves the cluster tells the others, and follows what they tell.
 */
/** A cluster has moved, as plain data that passes between processes. */
export interface Moved {
  /** The tier that serves. Undefined: the first one that works. */
  readonly tier: number | undefined
  /** Grows with each move that all follow. Who moves the cluster names the version that it knew. */
  readonly version: number
  /** An operator has ordered it. */
  readonly isFailback: boolean
}

export interface TiersHooks {
  moved(moved: Moved): void
  /** Undefined: no tier works. */
  serving(tier: number | undefined): void
}

export class Tiers {
  readonly #hooks: TiersHooks
  #serving: number | undefined
  /** Where the cluster has to stay. Undefined: it has not moved. */
  #held: number | undefined
  #version = 0

  constructor(hooks: TiersHooks) {
    this.#hooks = hooks
  }

  get serving(): number | undefined {
    return this.#serving
  }

  /** Where the cluster has to stay. */
  get held(): number | undefined {
    return this.#held
  }

  get version(): number {
    return this.#version
  }

  follow({ tier, version }: Moved): void {
    this.#held = tier
    this.#version = version
  }

  /** `items`: those of the smallest tier first. */
  review<Item extends { readonly tier: number }>(
    items: readonly Item[],
    isManual: boolean,
    works: (item: Item) => boolean,
    mayMove = true,
  ): void {
    const first = items[0]?.tier
    const firstThatWorks = items.find(works)?.tier
    if (!isManual) this.#held = undefined
    else if (mayMove && firstThatWorks !== undefined) {
      const held = this.#held ?? first
      if (!items.some((item) => item.tier === held && works(item))) this.#move(firstThatWorks, first)
    }
    this.#serve(this.#held !== undefined && firstThatWorks !== undefined ? this.#held : firstThatWorks)
  }

  #move(to: number, first: number | undefined): void {
    this.#held = to === first ? undefined : to
    this.#hooks.moved({ tier: this.#held, version: this.#version, isFailback: false })
  }

  #serve(tier: number | undefined): void {
    if (tier === this.#serving) return
    this.#serving = tier
    this.#hooks.serving(tier)
  }
}

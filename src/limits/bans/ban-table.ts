/**
 * The bans that hold, and which of them a client falls under. A look takes one step for each length of prefix that bans have,
 * however many bans there are. It has no timer: its owner calls `expire`. Bans have scopes, which know nothing of each other.
 */
import type { PeerAddress } from '../../address.js'
import type { Source } from '../../source.js'
import { EndsFirst, type EndsOnce } from './ends-first.js'
import { familyOf, type Network, sourceWithin, wholeSource } from './network.js'

/** The scope of bans that an operator ordered. They are for all listeners. All other scopes have a `BanPolicy`. */
export const ORDERED = 'ordered'

export interface Ban extends EndsOnce {
  /** `ordered`, `process` or `listener/NAME`. */
  readonly scope: string
  readonly network: Network
  /** ms, on the clock of this process. */
  readonly since: number
  readonly until: number
  readonly why: string
  /** Clients that were turned away, as far as this process knows. */
  refused: number
}

/** Of one scope: by family and prefix, the bans by network. No inner map is empty. */
type Networks = Map<string, { network: Pick<Network, 'family' | 'prefix'>; bans: Map<Source, Ban> }>

export class BanTable {
  readonly #scopes = new Map<string, Networks>()
  /** Bans of operators stay when there are too many. */
  readonly #ordered = new EndsFirst<Ban>()
  readonly #others = new EndsFirst<Ban>()

  get size(): number {
    return this.#ordered.size + this.#others.size
  }

  /** The ban of this scope that ends last among those that the client falls under. `now`: ms. */
  find(scope: string, client: PeerAddress, now: number): Ban | undefined {
    const networks = this.#scopes.get(scope)
    if (networks === undefined) return undefined
    const whole = wholeSource(client)
    if (whole === undefined) return undefined
    const its = familyOf(whole)
    let found: Ban | undefined
    for (const { network, bans } of networks.values()) {
      if (network.family !== its) continue
      const ban = bans.get(sourceWithin(whole, its, network.prefix))
      if (ban !== undefined && ban.until > now && !(found !== undefined && found.until >= ban.until))
        found = ban
    }
    return found
  }

  get(scope: string, network: Network): Ban | undefined {
    return this.#scopes.get(scope)?.get(keyOf(network))?.bans.get(network.source)
  }

  /** Adds the ban. It takes the place of the ban of the same scope and network. */
  set(ban: Ban): void {
    const { scope, network } = ban
    const before = this.get(scope, network)
    if (before !== undefined) this.delete(before)
    const networks: Networks = this.#scopes.get(scope) ?? new Map()
    this.#scopes.set(scope, networks)
    const same = networks.get(keyOf(network)) ?? { network, bans: new Map() }
    networks.set(keyOf(network), same)
    same.bans.set(network.source, ban)
    this.#heapOf(ban).add(ban)
  }

  delete(ban: Ban): void {
    const { scope, network } = ban
    const networks = this.#scopes.get(scope)
    const same = networks?.get(keyOf(network))
    if (networks === undefined || same?.bans.get(network.source) !== ban) return
    this.#heapOf(ban).delete(ban)
    same.bans.delete(network.source)
    if (same.bans.size === 0) networks.delete(keyOf(network))
    if (networks.size === 0) this.#scopes.delete(scope)
  }

  /** Deletes the bans that are over, and returns them. The one that ended first comes first. */
  expire(now: number): Ban[] {
    const over: Ban[] = []
    for (let first = this.first; first !== undefined && first.until <= now; first = this.first) {
      this.delete(first)
      over.push(first)
    }
    return over
  }

  /** The ban that ends first. */
  get first(): Ban | undefined {
    const [ordered, other] = [this.#ordered.first, this.firstOther]
    if (ordered === undefined || other === undefined) return ordered ?? other
    return ordered.until <= other.until ? ordered : other
  }

  /** The ban that ends first among those that no operator ordered. */
  get firstOther(): Ban | undefined {
    return this.#others.first
  }

  *all(): Iterable<Ban> {
    for (const networks of this.#scopes.values()) {
      for (const { bans } of networks.values()) yield* bans.values()
    }
  }

  #heapOf({ scope }: Ban): EndsFirst<Ban> {
    return scope === ORDERED ? this.#ordered : this.#others
  }
}

const keyOf = ({ family, prefix }: Network): string => `${family}/${prefix}`

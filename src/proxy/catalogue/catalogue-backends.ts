/**
 * The backends of one cluster as plain data: what their origins give, and what operators have set. This is
 * the one place that decides how long an operator's setting holds: until the origin changes the same value,
 * or the backend leaves. Pure.
 */
import { type Address, formatAddress } from '../../address.js'
import type { BackendSetting } from '../../cluster/backend.js'
import type { BackendOptions } from '../../cluster/members.js'
import type { BackendChange } from '../../control/orders.js'
import { Entries, type Entry, type Origin } from './catalogue-entries.js'

export interface BackendEntry extends Entry {
  readonly address: Address
  /** The weight and the state that hold now. */
  readonly weight: number
  readonly setTo: BackendSetting
  readonly tier: number
  /** 0: no limit. */
  readonly maxConnections: number
  /** The host name of the server, if `address` has only its IP address. */
  readonly host: string | undefined
  /** It was there when the cluster began, so it does not start slowly. */
  readonly isOriginal: boolean
  /** The weight that the origin gives. */
  readonly givenWeight: number
  /** What operators have set, as long as it holds. */
  readonly ordered: BackendChange | undefined
}

/** An entry without what operators have set. */
type Given = Omit<BackendEntry, 'weight' | 'setTo' | 'ordered'>

export class BackendEntries {
  readonly entries = new Entries<BackendEntry>()
  /** In the order in which origins first came. If several give the same backend, the first one decides. */
  readonly #given = new Map<Origin, readonly BackendOptions[]>()

  /** Replaces the backends of `origin`. Backends of other origins stay. */
  provide(origin: Origin, backends: readonly BackendOptions[]): void {
    if (this.#given.get(origin) === backends) return
    this.#given.set(origin, backends)
    const after = new Map<string, BackendEntry>()
    for (const [origin, given] of this.#given) {
      for (const options of given) {
        const name = formatAddress(options.address)
        if (!after.has(name)) after.set(name, this.#entryOf(name, origin, options))
      }
    }
    this.entries.replace([...after.values()])
  }

  /** The cluster is gone, so no origin gives a backend any more. */
  retire(): void {
    this.#given.clear()
    this.entries.replace([])
  }

  /** An operator sets a backend. Does nothing if the backend is not known. */
  set(name: string, change: BackendChange): void {
    const entry = this.entries.find(name)
    if (entry !== undefined) this.entries.update(withOrder(entry, { ...entry.ordered, ...told(change) }))
  }

  /** A backend that is given as before keeps its entry: a reload of a large cluster changes few of them. */
  #entryOf(name: string, origin: Origin, options: BackendOptions): BackendEntry {
    const { address, weight, tier = 0, maxConnections = 0, host, isOriginal = false } = options
    const before = this.entries.get(name)
    const isAsBefore = before?.givenWeight === weight
    const isAsPlaced = before?.origin === origin && before.tier === tier && before.host === host
    if (isAsBefore && isAsPlaced && before.maxConnections === maxConnections) return before
    const isLeaving = false
    const givenWeight = weight
    const given = { name, origin, address, tier, maxConnections, host, isOriginal, isLeaving, givenWeight }
    if (isAsBefore) return withOrder(given, before.ordered)
    const state = before?.ordered?.state
    return withOrder(given, state && { state })
  }
}

/** Named one by one: a spread of each of 10,000 backends would block a reload for 20 ms. */
const withOrder = (given: Given, ordered: BackendChange | undefined): BackendEntry => ({
  name: given.name,
  origin: given.origin,
  address: given.address,
  tier: given.tier,
  maxConnections: given.maxConnections,
  host: given.host,
  isOriginal: given.isOriginal,
  isLeaving: given.isLeaving,
  givenWeight: given.givenWeight,
  weight: ordered?.weight ?? given.givenWeight,
  setTo: ordered?.state ?? 'up',
  ordered,
})

/** A field that the change leaves out changes nothing. */
function told({ state, weight }: BackendChange): BackendChange {
  return { ...(state !== undefined && { state }), ...(weight !== undefined && { weight }) }
}

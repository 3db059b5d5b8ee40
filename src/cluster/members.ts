/**
 * The present and former backends of a cluster. A backend that stays is the same object, with its connections
 * and its health. A backend that leaves is remembered for its counts. If it returns, it continues them, but
 * earlier failures do not count against it.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Address, formatAddress } from '../address.js'
import type { Backend, BackendSetting } from './backend.js'
import { forgetLongestGone } from './left.js'

export interface BackendOptions {
  readonly address: Address
  /** Share of the connections, relative to the other backends. An integer. 0: no new connections. */
  readonly weight: number
  /** Default 0: the first to get connections. */
  readonly tier?: number
  /** Open connections at most. Default 0: no limit. */
  readonly maxConnections?: number
  /** Default: `up`. */
  readonly setTo?: BackendSetting
  /** The host name of the server, if `address` has only its IP address. */
  readonly host?: string | undefined
  /** It was there when the cluster began, and is only known later: it does not start slowly. Default false. */
  readonly isOriginal?: boolean
}

type ByName = ReadonlyMap<string, Backend>

export class Members {
  readonly #create: (options: BackendOptions) => Backend
  #present: ByName = new Map()
  #list: readonly Backend[] = []
  /** The backend that left first comes first. */
  readonly #left = new Map<string, Backend>()
  #isRetired = false

  constructor(create: (options: BackendOptions) => Backend) {
    this.#create = create
  }

  get present(): readonly Backend[] {
    return this.#list
  }

  get left(): readonly Backend[] {
    return [...this.#left.values()]
  }

  /** Finds a present or former backend by its address as configured. */
  find(name: string): Backend | undefined {
    return this.#present.get(name) ?? this.#left.get(name)
  }

  /** Whether any present or former backend has connections or connects in progress. */
  get isInUse(): boolean {
    return [...this.#present.values(), ...this.#left.values()].some(hasConnections)
  }

  /** Sets the members and their settings from now on. Returns true if the list, or a tier in it, differs from before. */
  replace(backends: readonly BackendOptions[]): boolean {
    const before: ByName = this.#isRetired ? new Map() : this.#present
    const tiersBefore = tiersIn(before)
    const after = new Map<string, Backend>()
    for (const options of backends) {
      const name = formatAddress(options.address)
      if (!after.has(name)) after.set(name, this.#take(name, options, before))
    }
    const isAsBefore = isSame(after, before) && isDeepStrictEqual(tiersIn(after), tiersBefore)
    // A cluster can return with no backends, because its names have no answer yet.
    if (isAsBefore && !this.#isRetired) return false
    this.#remember(after)
    this.#isRetired = false
    this.#present = after
    this.#list = [...after.values()]
    return true
  }

  /** No new backends will come. The present ones stay for attempts in progress, until `replace` is called. */
  retire(): void {
    this.#isRetired = true
  }

  #take(name: string, options: BackendOptions, before: ByName): Backend {
    const backend = this.find(name) ?? this.#create(options)
    backend.set(options.weight, options.setTo ?? 'up')
    backend.limit(options.maxConnections ?? 0)
    backend.tier = options.tier ?? 0
    backend.host = options.host ?? hostOf(options.address)
    if (before.has(name)) return backend
    backend.health.forgive()
    // Nothing is warm when a cluster begins: then no backend is behind the others.
    if (before.size > 0 && options.isOriginal !== true) backend.startSlowly()
    return backend
  }

  /** Remembers the backends that leave because they are not in `after`. */
  #remember(after: ByName): void {
    for (const name of after.keys()) this.#left.delete(name)
    for (const [name, backend] of this.#present) if (!after.has(name)) this.#left.set(name, backend)
    forgetLongestGone(this.#left, hasConnections)
  }
}

const tiersIn = (backends: ByName): number[] => Array.from(backends.values(), ({ tier }) => tier)

const hostOf = (address: Address): string | undefined => (address.kind === 'unix' ? undefined : address.host)

const hasConnections = ({ active, dialling }: Backend): boolean => active + dialling > 0

function isSame(after: ByName, before: ByName): boolean {
  const names = [...before.keys()]
  return after.size === before.size && [...after.keys()].every((name, index) => name === names[index])
}

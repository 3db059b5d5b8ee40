/**
 * Who is in a cluster, and who was. Backends come from sources, of which the config is one; a source says which are its
 * own, and takes nothing away that another has given. Whoever stays is the object it was, with its connections, its
 * health and what an operator has set. Whoever leaves is remembered for its counts, and goes on with them if it returns.
 */
import { type Address, formatAddress } from '../address.js'
import type { Backend } from './backend.js'
import { forgetLongestGone } from './left.js'

export interface BackendOptions {
  readonly address: Address
  /** Share of the connections, relative to the other backends. An integer from 1. */
  readonly weight: number
}

type ByName = ReadonlyMap<string, Backend>

export class Members {
  readonly #create: (options: BackendOptions) => Backend
  readonly #given = new Map<string, readonly BackendOptions[]>()
  #present: ByName = new Map()
  #list: readonly Backend[] = []
  /** Who left first comes first. */
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

  /** By its address as configured, whether it is present or was. */
  find(name: string): Backend | undefined {
    return this.#present.get(name) ?? this.#left.get(name)
  }

  /** No source has had any since `retire`. */
  get isRetired(): boolean {
    return this.#isRetired
  }

  /** Whether any of them, or of those that left, has connections or connects on their way. */
  get isInUse(): boolean {
    return [...this.#present.values(), ...this.#left.values()].some(hasConnections)
  }

  /**
   * From now on `source` has these backends. The weight of one that several sources have is what the first of them says.
   * True where the list of all backends is another than before.
   */
  provide(source: string, backends: readonly BackendOptions[]): boolean {
    this.#given.set(source, backends)
    const before: ByName = this.#isRetired ? new Map() : this.#present
    const after = new Map<string, Backend>()
    for (const options of [...this.#given.values()].flat()) {
      const name = formatAddress(options.address)
      if (!after.has(name)) after.set(name, this.#take(name, options, before))
    }
    if (isSame(after, before)) return false
    this.#remember(after)
    this.#isRetired = false
    this.#present = after
    this.#list = [...after.values()]
    return true
  }

  /** No source has any backends now. Those that are present stay for who has begun to dial, until a source has some. */
  retire(): void {
    this.#given.clear()
    this.#isRetired = true
  }

  #take(name: string, options: BackendOptions, before: ByName): Backend {
    const known = this.find(name)
    if (known === undefined) return this.#create(options)
    if (before.has(name)) known.configure(options.weight)
    else known.join(options.weight)
    return known
  }

  /** Who leaves where these are to come. */
  #remember(after: ByName): void {
    for (const name of after.keys()) this.#left.delete(name)
    for (const [name, backend] of this.#present) if (!after.has(name)) this.#left.set(name, backend)
    forgetLongestGone(this.#left, hasConnections)
  }
}

const hasConnections = ({ active, dialling }: Backend): boolean => active + dialling > 0

function isSame(after: ByName, before: ByName): boolean {
  const names = [...before.keys()]
  return after.size === before.size && [...after.keys()].every((name, index) => name === names[index])
}

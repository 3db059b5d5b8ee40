/**
 * What the names of one cluster mean at present. A name either stands for one backend that has several addresses, or it is
 * expanded: each place that it means is a backend. It asks nobody: a provider tells it.
 */
import { formatAddress, type TcpAddress } from '../../address.js'
import type { Meaning, NamesProvider, Place, Watching } from './provider.js'

/** A name of which each place is a backend, as a config says it. Plain data. */
export type Expansion =
  | {
      readonly kind: 'host'
      readonly name: string
      readonly port: number
      readonly weight: number
      readonly tier: number
      /** Of each backend that it means. Default 0: no limit. */
      readonly maxConnections?: number
    }
  /** The answer has ports, weights and tiers. */
  | { readonly kind: 'srv'; readonly name: string; readonly maxConnections?: number }

export interface FoundBackend {
  readonly address: TcpAddress
  readonly weight: number
  readonly tier: number
  /** 0: no limit. */
  readonly maxConnections: number
  /** The host name that TLS needs. */
  readonly host: string
  /** It was there when the cluster began, so it does not start slowly. */
  readonly isOriginal: boolean
}

export interface ClusterNamesHooks {
  /** Host names of backends, and the IP addresses that each means. None: it means nothing any more. */
  resolved?(ips: ReadonlyMap<string, readonly string[]>): void
  /** The backends of all expanded names, in an order that does not depend on that of the answers. */
  found(backends: readonly FoundBackend[]): void
  /** These names still have no answer, and the next question comes after a pause. */
  unanswered?(names: readonly string[]): void
}

interface Expanded {
  readonly expansion: Expansion
  readonly watching: Watching
  /** Backends of the first answer that have been there since. Undefined: no answer yet, and the first one counts. */
  original: ReadonlySet<string> | undefined
}

export class ClusterNames {
  readonly #provider: NamesProvider
  readonly #hooks: ClusterNamesHooks
  /** Of backends with several addresses, by host name. */
  #hosts: ReadonlyMap<string, Watching> = new Map()
  #expanded: ReadonlyMap<string, Expanded> = new Map()
  /** Undefined: nothing was told since it began. */
  #told: string | undefined
  #isBegun = false

  constructor(provider: NamesProvider, hooks: ClusterNamesHooks) {
    this.#provider = provider
    this.#hooks = hooks
  }

  /** From now on the cluster has these names. What is known already is told at once. */
  update(hosts: Iterable<string>, expansions: readonly Expansion[]): void {
    const [hostsBefore, expandedBefore] = [this.#hosts, this.#expanded]
    this.#hosts = new Map(
      Array.from(new Set(hosts), (host) => [host, hostsBefore.get(host) ?? this.#watchHost(host)]),
    )
    this.#expanded = new Map(
      expansions.map((each) => {
        const key = JSON.stringify(each)
        return [key, expandedBefore.get(key) ?? this.#expand(each, this.#isBegun)]
      }),
    )
    this.#isBegun = true
    // Names that several clusters have are not asked for again: new ones are watched before old ones are left.
    for (const [host, watching] of hostsBefore) if (!this.#hosts.has(host)) watching.stop()
    for (const [key, { watching }] of expandedBefore) if (!this.#expanded.has(key)) watching.stop()
    // Also of names that it had before: another backend can have the same one.
    this.#tellHosts()
    this.#tell()
  }

  stop(): void {
    for (const watching of this.#hosts.values()) watching.stop()
    for (const { watching } of this.#expanded.values()) watching.stop()
    this.#hosts = new Map()
    this.#expanded = new Map()
    this.#told = undefined
    this.#isBegun = false
  }

  /** Whether a host name has had no answer, and one can come at any moment. */
  isResolving(host: string): boolean {
    return isAwaited(this.#hosts.get(host)?.meaning)
  }

  /** The same of any expanded name. */
  get isDiscovering(): boolean {
    for (const { watching } of this.#expanded.values()) if (isAwaited(watching.meaning)) return true
    return false
  }

  /** All at once: there can be thousands, and whoever is told looks at all backends. */
  #tellHosts(): void {
    const known = new Map<string, readonly string[]>()
    const unanswered: string[] = []
    for (const [host, { meaning }] of this.#hosts)
      if (meaning.places !== undefined) known.set(host, meaning.places.map(ipOf))
      else if (!meaning.isAsking) unanswered.push(host)
    if (known.size > 0) this.#hooks.resolved?.(known)
    if (unanswered.length > 0) this.#hooks.unanswered?.(unanswered)
  }

  #watchHost(host: string): Watching {
    return this.#provider.watch({ kind: 'host', name: host }, ({ places, isAsking }) => {
      if (places === undefined) this.#unanswered(host, isAsking)
      else this.#hooks.resolved?.(new Map([[host, places.map(ipOf)]]))
    })
  }

  #expand(expansion: Expansion, isLater: boolean): Expanded {
    const { kind, name } = expansion
    const watching = this.#provider.watch({ kind, name }, ({ places, isAsking }) => {
      if (places === undefined) this.#unanswered(name, isAsking)
      else this.#tell()
    })
    return { expansion, watching, original: isLater ? new Set() : undefined }
  }

  #unanswered(name: string, isAsking: boolean): void {
    if (!isAsking) this.#hooks.unanswered?.([name])
  }

  /** An answer that means the same backends is not told again. */
  #tell(): void {
    const found = new Map<string, FoundBackend>()
    for (const expanded of this.#expanded.values())
      for (const backend of backendsOf(expanded)) {
        const key = formatAddress(backend.address)
        if (!found.has(key)) found.set(key, backend)
      }
    const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, backend]) => backend)
    const text = JSON.stringify(sorted.map(({ isOriginal, ...rest }) => rest))
    if (text === (this.#told ?? '[]')) return
    this.#told = text
    this.#hooks.found(sorted)
  }
}

function backendsOf(expanded: Expanded): FoundBackend[] {
  const { expansion, watching, original } = expanded
  const { places } = watching.meaning
  if (places === undefined) return []
  const names = places.map((place) => formatAddress(addressOf(place, expansion)))
  expanded.original = new Set(names.filter((name) => original?.has(name) ?? true))
  return places.map((place, index) => {
    const { weight, tier } = place.service ?? shareOf(expansion)
    const isOriginal = expanded.original!.has(names[index]!)
    const { maxConnections = 0 } = expansion
    return {
      address: addressOf(place, expansion),
      weight,
      tier,
      maxConnections,
      host: place.host,
      isOriginal,
    }
  })
}

function addressOf({ ip, service }: Place, expansion: Expansion): TcpAddress {
  const port = service?.port ?? (expansion.kind === 'host' ? expansion.port : 0)
  return { kind: 'tcp', host: ip, port }
}

const shareOf = (expansion: Expansion): { weight: number; tier: number } =>
  expansion.kind === 'host' ? expansion : { weight: 1, tier: 0 }

const ipOf = ({ ip }: Place): string => ip

const isAwaited = (meaning: Meaning | undefined): boolean =>
  meaning !== undefined && meaning.places === undefined && meaning.isAsking

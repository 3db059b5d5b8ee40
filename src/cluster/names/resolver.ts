/**
 * Resolves host names ahead of need, and again and again in the background. dns.lookup runs on the few
 * threads that Node has, and no connect may wait in that queue. libuv gives lookups at most half of them, so
 * there is no limit of our own. The resolver tells what a name means now, and its listener keeps it. A failed
 * refresh changes nothing, so the last good answer stays. No timer here keeps the process alive.
 */
import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { unmapIpv4 } from '../../address.js'

/** getaddrinfo(3) does not tell how long an answer is valid. */
const REFRESH_MS = 10_000
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 30_000

/** `dns.lookup`, or its substitute in a test. */
export type Lookup = (
  host: string,
  options: { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export interface ResolverListener {
  /** The IP addresses of `host`, at least one, in the order that the system prefers. */
  resolved(host: string, ips: readonly string[]): void
  /** There was no answer for `host`. It is asked for again in `retryMs`. */
  unresolved(host: string, code: string, retryMs: number): void
}

interface Name {
  readonly host: string
  isResolving: boolean
  failuresInARow: number
  timer: NodeJS.Timeout | undefined
}

export class Resolver {
  readonly #names: ReadonlyMap<string, Name>
  readonly #listener: ResolverListener
  readonly #lookup: Lookup
  #isStopped = false

  constructor(hosts: Iterable<string>, listener: ResolverListener, lookup: Lookup = dnsLookup) {
    this.#names = new Map(Array.from(new Set(hosts), (host) => [host, newName(host)]))
    this.#listener = listener
    this.#lookup = lookup
  }

  start(): void {
    for (const name of this.#names.values()) this.#resolve(name)
  }

  /** Stops for good. A lookup in progress cannot be cancelled, but its answer is ignored. */
  stop(): void {
    this.#isStopped = true
    for (const name of this.#names.values()) clearTimeout(name.timer)
  }

  /** Whether an answer for `host` is on its way. False if the next lookup starts only after a pause. */
  isResolving(host: string): boolean {
    return !this.#isStopped && (this.#names.get(host)?.isResolving ?? false)
  }

  #resolve(name: Name): void {
    name.isResolving = true
    this.#lookup(name.host, { all: true }, (error, addresses) => {
      if (this.#isStopped) return
      name.isResolving = false
      if (error !== null) this.#failed(name, error.code ?? 'ENOTFOUND')
      else if (addresses.length === 0) this.#failed(name, 'ENOTFOUND')
      else this.#succeeded(name, addresses)
    })
  }

  #succeeded(name: Name, addresses: readonly LookupAddress[]): void {
    name.failuresInARow = 0
    this.#resolveLater(name, REFRESH_MS)
    const ips = new Set(addresses.map((each) => unmapIpv4(each.address)))
    this.#listener.resolved(name.host, [...ips])
  }

  #failed(name: Name, code: string): void {
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** name.failuresInARow, LONGEST_RETRY_MS)
    name.failuresInARow += 1
    this.#resolveLater(name, retryMs)
    this.#listener.unresolved(name.host, code, retryMs)
  }

  #resolveLater(name: Name, ms: number): void {
    name.timer = setTimeout(() => this.#resolve(name), ms).unref()
  }
}

const newName = (host: string): Name => ({ host, isResolving: false, failuresInARow: 0, timer: undefined })

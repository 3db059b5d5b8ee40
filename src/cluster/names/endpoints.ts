/**
 * The addresses behind a backend's name, and which of them is in use. What the name means is told to it: it never
 * resolves.
 */
import { isIP } from 'node:net'
import type { Address, ResolvedAddress } from '../../address.js'

/** Loopback by definition (RFC 6761, section 6.3): no resolver can make it anything else. */
const LOCALHOST = ['127.0.0.1', '::1']

export class Endpoints {
  /** The name to resolve, or undefined where the address needs no resolver. */
  readonly hostName: string | undefined
  readonly #configured: Address
  #all: readonly ResolvedAddress[] = []
  #current: ResolvedAddress | undefined

  constructor(address: Address) {
    this.#configured = address
    if (address.kind === 'unix' || isIP(address.host) !== 0) {
      this.#all = [address]
      this.#current = address
    } else if (address.host.toLowerCase() === 'localhost') this.resolved(LOCALHOST)
    else this.hostName = address.host
  }

  /** Where to connect to, or undefined while the name has no answer. Stays the same until it fails. */
  get current(): ResolvedAddress | undefined {
    return this.#current
  }

  /** In the order of the resolver. */
  get all(): readonly ResolvedAddress[] {
    return this.#all
  }

  /** A connect to `address` failed. True if it was the one in use: from now on the next one is. */
  failed(address: ResolvedAddress): boolean {
    if (!isSame(address, this.#current)) return false
    const index = this.#all.findIndex((each) => isSame(each, address))
    this.#current = this.#all[(index + 1) % this.#all.length]
    return true
  }

  /**
   * Takes the addresses of its name. One that is in use stays so, whatever order they come in. True if another one is in
   * use now.
   */
  resolved(ips: readonly string[]): boolean {
    if (this.#configured.kind === 'unix') return false
    const { port } = this.#configured
    this.#all = ips.map((host) => ({ kind: 'tcp', host, port }))
    const same = this.#all.find((address) => isSame(address, this.#current))
    this.#current = same ?? this.#all[0]
    return same === undefined
  }
}

function isSame(a: ResolvedAddress, b: ResolvedAddress | undefined): boolean {
  return a === b || (a.kind === 'tcp' && b?.kind === 'tcp' && a.host === b.host)
}

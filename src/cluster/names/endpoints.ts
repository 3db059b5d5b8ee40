/**
 * The addresses behind a backend's name, and which of them is in use. It never resolves names: it is told
 * what the name means.
 */
import { isIP } from 'node:net'
import type { Address, ResolvedAddress } from '../../address.js'

/** `localhost` is loopback by definition (RFC 6761, section 6.3). No resolver can change that. */
const LOCALHOST = ['127.0.0.1', '::1']

export class Endpoints {
  /** The name to resolve. Undefined if the address needs no resolver. */
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

  /** Where to connect to. Undefined while the name has no answer. It stays the same until it fails. */
  get current(): ResolvedAddress | undefined {
    return this.#current
  }

  /** All addresses, in the order of the resolver. */
  get all(): readonly ResolvedAddress[] {
    return this.#all
  }

  /** A connect to `address` failed. If it was in use, the next address is used from now on: returns true. */
  failed(address: ResolvedAddress): boolean {
    if (!isSame(address, this.#current)) return false
    const index = this.#all.findIndex((each) => isSame(each, address))
    this.#current = this.#all[(index + 1) % this.#all.length]
    return true
  }

  /**
   * Takes the addresses of its name. If the one in use is among them, it stays in use, whatever their order.
   * Returns true if another one is in use now.
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

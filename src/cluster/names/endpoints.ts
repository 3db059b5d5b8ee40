/**
 * The addresses behind a backend's name, and which of them is in use. It never resolves names: it is told
 * what the name means. A name can also be left to a forward proxy.
 */
import { isIP } from 'node:net'
import type { Address, ResolvedAddress, TcpAddress } from '../../address.js'

/** `localhost` is loopback by definition (RFC 6761, section 6.3). No resolver can change that. */
const LOCALHOST = ['127.0.0.1', '::1']

export class Endpoints {
  readonly #configured: Address
  #isLeft = false
  #all: readonly ResolvedAddress[] = []
  #current: ResolvedAddress | undefined

  constructor(address: Address) {
    this.#configured = address
    this.#begin()
  }

  /** The name to resolve. Undefined if the address needs no resolver. */
  get hostName(): string | undefined {
    return this.#isLeft || this.#isPlain ? undefined : (this.#configured as TcpAddress).host
  }

  /** Whether a forward proxy resolves the name. The one address is then as configured. */
  get isLeft(): boolean {
    return this.#isLeft
  }

  /** Leaves the name to a forward proxy, or no longer. */
  leave(isLeft: boolean): void {
    if (isLeft === this.#isLeft) return
    this.#isLeft = isLeft
    this.#begin()
  }

  /** Where to connect to. Undefined while the name has no answer. It stays the same until it fails. */
  get current(): ResolvedAddress | undefined {
    return this.#current
  }

  /** All addresses, in the order of the resolver. */
  get all(): readonly ResolvedAddress[] {
    return this.#all
  }

  #begin(): void {
    const isKnown = this.#isLeft || this.#configured.kind === 'unix' || isIP(this.#configured.host) !== 0
    this.#all = isKnown ? [this.#configured] : []
    this.#current = this.#all[0]
    if (!isKnown && this.#isPlain) this.resolved(LOCALHOST)
  }

  /** Whether no resolver is needed to connect to it. */
  get #isPlain(): boolean {
    const at = this.#configured
    return at.kind === 'unix' || isIP(at.host) !== 0 || at.host.toLowerCase() === 'localhost'
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

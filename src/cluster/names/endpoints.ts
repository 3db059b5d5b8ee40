/**
 * The addresses behind a backend's name, and which of them is in use. It never resolves names: it is told
 * what the name means. A name can also be left to a forward proxy. IPv4 and IPv6 addresses each have one that is next. One family is in use, and the other one
 * stands by, because one of them may not work at all on a network (RFC 8305).
 */
import { isIP, isIPv6 } from 'node:net'
import type { Address, ResolvedAddress, TcpAddress } from '../../address.js'

/** `localhost` is loopback by definition (RFC 6761, section 6.3). No resolver can change that. */
const LOCALHOST = ['127.0.0.1', '::1']

class Family {
  readonly #addresses: readonly ResolvedAddress[]
  #index: number

  /** `before`: the address that was next until now. It stays so if it is there. */
  constructor(addresses: readonly ResolvedAddress[], before?: ResolvedAddress) {
    this.#addresses = addresses
    this.#index = Math.max(
      0,
      addresses.findIndex((each) => isSame(each, before)),
    )
  }

  get size(): number {
    return this.#addresses.length
  }

  get next(): ResolvedAddress | undefined {
    return this.#addresses[this.#index]
  }

  /** Does nothing if another address is next by now. */
  failed(address: ResolvedAddress): void {
    if (isSame(address, this.next)) this.#index = (this.#index + 1) % this.size
  }
}

const NOBODY = new Family([])

export class Endpoints {
  /**
   * Where to connect to. Undefined while the name means nothing. It stays the same until it fails. Every pick reads it, so it
   * is a plain field.
   */
  current: ResolvedAddress | undefined
  readonly #configured: Address
  /** Whether no resolver is needed to connect to it. Every answer for any name asks each backend, so it is found out once. */
  readonly #isPlain: boolean
  #isLeft = false
  #all: readonly ResolvedAddress[] = []
  #inUse = NOBODY
  #standby = NOBODY

  constructor(address: Address) {
    this.#configured = address
    this.#isPlain = isPlain(address)
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

  /** All addresses, in the order of the answer. */
  get all(): readonly ResolvedAddress[] {
    return this.#all
  }

  /** The address to try beside the one in use: of the other family. Undefined: all are of one family. */
  get other(): ResolvedAddress | undefined {
    return this.#standby.next
  }

  /** How many connects it takes to try all addresses, if each tries one address of each family. */
  get turns(): number {
    return Math.max(this.#inUse.size, this.#standby.size)
  }

  /** A connect to `address` failed. If it was in use, the next one of its family is used from now on: returns true. */
  failed(address: ResolvedAddress): boolean {
    const wasCurrent = isSame(address, this.current)
    this.#inUse.failed(address)
    this.#standby.failed(address)
    this.current = this.#inUse.next
    return wasCurrent
  }

  /** The same where no other address is dialled beside it. If it was in use, the other family is used from now on. */
  failedAlone(address: ResolvedAddress): void {
    const { other } = this
    if (this.failed(address) && other !== undefined) this.won(other)
  }

  /** A connect to `address` was the first to succeed. Its family is in use from now on. */
  won(address: ResolvedAddress): void {
    if (!isSame(address, this.#standby.next)) return
    const { current } = this
    ;[this.#inUse, this.#standby] = [this.#standby, this.#inUse]
    this.current = this.#inUse.next ?? current
  }

  /**
   * Takes the addresses of its name. If the one in use is among them, it stays in use, whatever their order. None: the name
   * means nothing any more. Returns true if another one is in use now.
   */
  resolved(ips: readonly string[]): boolean {
    if (this.#configured.kind === 'unix') return false
    const { port } = this.#configured
    const before = this.current
    this.#all = ips.map((host) => ({ kind: 'tcp', host, port }))
    const usesIpv6 = isOfIpv6(before ?? this.#all[0])
    const [sameKind, others] = [true, false].map((isSameKind) =>
      this.#all.filter((each) => (isOfIpv6(each) === usesIpv6) === isSameKind),
    ) as [ResolvedAddress[], ResolvedAddress[]]
    const [inUse, standby] = sameKind.length > 0 ? [sameKind, others] : [others, sameKind]
    const waiting = this.#standby.next
    this.#inUse = new Family(inUse, before)
    this.#standby = new Family(standby, waiting)
    this.current = this.#inUse.next
    return !isSame(this.current, before)
  }

  #begin(): void {
    const isKnown = this.#isLeft || this.#configured.kind === 'unix' || isIP(this.#configured.host) !== 0
    this.#all = isKnown ? [this.#configured] : []
    this.#inUse = new Family(this.#all)
    this.#standby = NOBODY
    this.current = this.#inUse.next
    if (!isKnown && this.#isPlain) this.resolved(LOCALHOST)
  }
}

const isPlain = (at: Address): boolean =>
  at.kind === 'unix' || isIP(at.host) !== 0 || at.host.toLowerCase() === 'localhost'

const isOfIpv6 = (address: ResolvedAddress | undefined): boolean =>
  address?.kind === 'tcp' && isIPv6(address.host)

function isSame(a: ResolvedAddress | undefined, b: ResolvedAddress | undefined): boolean {
  return a === b || (a?.kind === 'tcp' && b?.kind === 'tcp' && a.host === b.host)
}

/** Which addresses lead to this machine, and where millrace itself listens. It asks the system at most once a second. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import type { Address } from '../../address.js'
import { ipToBytes } from '../../ip.js'

/** An address that is added later counts after this time. */
const ASKS_EVERY_MS = 1000

export type Interfaces = () => NodeJS.Dict<Pick<NetworkInterfaceInfo, 'address'>[]>

/** Where a socket listens. Of an IPv6 address: also for IPv4 clients. */
export interface ListeningAt {
  readonly bytes: Buffer
  readonly port: number
}

export class OwnAddresses {
  readonly #listening: readonly ListeningAt[]
  readonly #interfaces: Interfaces
  readonly #now: () => number
  /** Undefined: the system has never told them. */
  #known: ReadonlySet<string> | undefined
  #askedAt = Number.NEGATIVE_INFINITY

  /** `listeners`: where millrace listens. `now` is in ms, and never goes back. */
  constructor(listeners: readonly Address[], now: () => number, interfaces: Interfaces = networkInterfaces) {
    this.#listening = listeners.flatMap((each) =>
      each.kind === 'unix' ? [] : [{ bytes: ipToBytes(each.host)!, port: each.port }],
    )
    this.#interfaces = interfaces
    this.#now = now
  }

  /** Whether an interface of this machine has this address. Undefined: the system does not tell. */
  has(bytes: Buffer): boolean | undefined {
    this.#askAgain()
    return this.#known?.has(bytes.toString('hex'))
  }

  /** Whether a connect to this address would reach a listener of millrace. */
  listensAt(bytes: Buffer, port: number): boolean {
    return this.#listening.some((each) => this.leadsTo(each, bytes, port) !== false)
  }

  /** Whether a connect to this address would reach the socket. Undefined: the system does not tell. */
  leadsTo(listening: ListeningAt, bytes: Buffer, port: number): boolean | undefined {
    if (listening.port !== port) return false
    if (!isUnspecified(listening.bytes)) return isUnspecified(bytes) || listening.bytes.equals(bytes)
    return isUnspecified(bytes) || isLoopback(bytes) || this.has(bytes)
  }

  /** The question needs a file descriptor (netlink(7)). Without one, what was known before counts. */
  #askAgain(): void {
    const now = this.#now()
    if (now - this.#askedAt < ASKS_EVERY_MS) return
    try {
      const all = Object.values(this.#interfaces()).flatMap((each) => each ?? [])
      this.#known = new Set(all.flatMap(({ address }) => ipToBytes(address)?.toString('hex') ?? []))
      this.#askedAt = now
    } catch {}
  }
}

/** A connect to it reaches this machine, and a listener on it has all addresses. */
const isUnspecified = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0)

/** All of 127.0.0.0/8 leads to this machine. Of IPv6 only one address does, which an interface has. */
const isLoopback = (bytes: Buffer): boolean => bytes.length === 4 && bytes[0] === 127

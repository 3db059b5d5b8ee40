/** Which addresses lead to this machine, and where millrace itself listens. It asks the system at most once a second. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import type { Address } from '../../address.js'
import { ipToBytes } from '../../ip.js'

/** An address that is added later counts after this time. */
const ASKS_EVERY_MS = 1000

export type Interfaces = () => NodeJS.Dict<Pick<NetworkInterfaceInfo, 'address'>[]>

interface Listening {
  readonly bytes: Buffer
  readonly port: number
}

export class OwnAddresses {
  readonly #listening: readonly Listening[]
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
    const here = this.#listening.filter((each) => each.port === port)
    return here.some((each) =>
      isUnspecified(each.bytes)
        ? isUnspecified(bytes) || isLoopback(bytes) || this.has(bytes) !== false
        : isUnspecified(bytes) || each.bytes.equals(bytes),
    )
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

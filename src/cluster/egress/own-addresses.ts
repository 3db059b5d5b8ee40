/** The addresses of this machine, as its network interfaces have them. It asks the system at most once a second. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { ipToBytes } from '../../ip.js'

/** An address that is added later counts after this time. */
const ASKS_EVERY_MS = 1000

export type Interfaces = () => NodeJS.Dict<Pick<NetworkInterfaceInfo, 'address'>[]>

export class OwnAddresses {
  readonly #interfaces: Interfaces
  readonly #now: () => number
  #known: ReadonlySet<string> = new Set()
  #askedAt = Number.NEGATIVE_INFINITY

  /** `now` is in ms, and never goes back. */
  constructor(now: () => number, interfaces: Interfaces = networkInterfaces) {
    this.#interfaces = interfaces
    this.#now = now
  }

  has(bytes: Buffer): boolean {
    this.#askAgain()
    return this.#known.has(bytes.toString('hex'))
  }

  #askAgain(): void {
    const now = this.#now()
    if (now - this.#askedAt < ASKS_EVERY_MS) return
    this.#askedAt = now
    const all = Object.values(this.#interfaces()).flatMap((each) => each ?? [])
    this.#known = new Set(all.flatMap(({ address }) => ipToBytes(address)?.toString('hex') ?? []))
  }
}

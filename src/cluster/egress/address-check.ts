/**
 * Decides whether an address that a client's name led to may be dialled. Without this check, whoever owns a name could lead
 * clients into the network of millrace. Pure but for the addresses of this machine.
 */
import { AddressSet } from '../../address-set.js'
import { bytesToIp, ipToBytes } from '../../ip.js'
import { embeddedIn, specialUse } from './special-networks.js'

/** What the check needs to know of this machine. */
export interface Own {
  /** Undefined: it is not known which addresses this machine has. */
  has(bytes: Buffer): boolean | undefined
  /** Whether a connect to this address would reach millrace. */
  listensAt(bytes: Buffer, port: number): boolean
}

const OWN = 'an address of this machine'
const PERHAPS_OWN = 'perhaps an address of this machine, which cannot list its addresses at the moment'

export class AddressCheck {
  readonly #networks: AddressSet
  readonly #own: Own

  /** Addresses of `networks` may be dialled, whatever they are for, unless millrace listens there. */
  constructor(networks: readonly string[], own: Own) {
    this.#networks = new AddressSet(networks)
    this.#own = own
  }

  /** Why this address may not be dialled, such as `10.1.2.3 is a private address`. Undefined: it may. */
  whyNot(ip: string, port: number): string | undefined {
    const bytes = ipToBytes(ip)
    if (bytes === undefined) return 'the resolver gave no IP address'
    const ends = [bytes, ...embeddedIn(bytes)]
    const own = ends.find((each) => this.#own.listensAt(each, port))
    return own === undefined
      ? this.#whyNot(bytes)
      : `${bytesToIp(own)} with port ${port} is a listener of millrace`
  }

  #whyNot(bytes: Buffer): string | undefined {
    const text = bytesToIp(bytes)
    if (this.#networks.has({ kind: 'tcp', host: text, port: 0 })) return undefined
    const use = specialUse(bytes) ?? this.#ownUse(bytes)
    if (use !== undefined) return `${text} is ${use}`
    for (const embedded of embeddedIn(bytes)) {
      const why = this.#whyNot(embedded)
      if (why !== undefined) return `${text} leads to another address: ${why}`
    }
    return undefined
  }

  #ownUse(bytes: Buffer): string | undefined {
    const isOwn = this.#own.has(bytes)
    if (isOwn === undefined) return PERHAPS_OWN
    return isOwn ? OWN : undefined
  }
}

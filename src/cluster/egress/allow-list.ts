/** The servers that clients of a cluster may ask for. Only what the list names is allowed. Pure but for the check of addresses. */
import { isIP } from 'node:net'
import { NameTable } from '../../names.js'
import { AddressCheck, type Own } from './address-check.js'
import type { AskedServer } from './asked-server.js'
import type { AllowedName, DialPolicy } from './policy.js'

/** What the list says about one name or address. */
export interface Allowed {
  /** As the config has it. */
  readonly name: string
  readonly addresses: AddressCheck
}

export class AllowList {
  readonly #names = new NameTable<Allowed>()
  readonly #ips = new Map<string, Allowed>()
  readonly #ports: ReadonlySet<number>

  constructor({ allow, ports }: DialPolicy, own: Own) {
    this.#ports = new Set(ports)
    for (const each of allow) this.#add(each, own)
  }

  /** The most specific entry for this server, or a few words that say why it is not allowed. */
  find({ host, isAddress, port }: AskedServer): Allowed | string {
    const allowed = isAddress ? this.#ips.get(host) : this.#names.find(host)[0]
    if (allowed === undefined)
      return isAddress ? 'an IP address that "allow" does not name' : 'no name in "allow" matches'
    return this.#ports.has(port) ? allowed : `port ${port} is not in "ports"`
  }

  #add({ name, networks }: AllowedName, own: Own): void {
    // Who lists an address has decided about it.
    const isAddress = isIP(name) !== 0
    const allowed = { name, addresses: new AddressCheck(isAddress ? [name, ...networks] : networks, own) }
    if (isAddress) this.#ips.set(name, allowed)
    else this.#names.add(name, allowed)
  }
}

/** In which order servers are asked. A server that is silent costs a time-out, so it comes last for a while. */
import type { DnsServer } from './exchange.js'

const LAST_FOR_MS = 30_000

export class ServerOrder {
  /** Server → when it was silent, on the clock of `performance.now()`. */
  readonly #silentAt = new Map<string, number>()
  #questions = 0

  /** The servers to ask. With `rotates` each question begins with another one. */
  of(servers: readonly DnsServer[], rotates: boolean): readonly DnsServer[] {
    const first = rotates ? this.#questions++ % servers.length : 0
    const inTurn = [...servers.slice(first), ...servers.slice(0, first)]
    return inTurn.toSorted((one, other) => Number(this.#isSilent(one)) - Number(this.#isSilent(other)))
  }

  answered(server: DnsServer): void {
    this.#silentAt.delete(keyOf(server))
  }

  wasSilent(server: DnsServer): void {
    this.#silentAt.set(keyOf(server), performance.now())
  }

  #isSilent(server: DnsServer): boolean {
    const at = this.#silentAt.get(keyOf(server))
    return at !== undefined && performance.now() - at < LAST_FOR_MS
  }
}

const keyOf = ({ ip, port }: DnsServer): string => `${ip} ${port}`

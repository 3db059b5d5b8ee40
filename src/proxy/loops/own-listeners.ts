/**
 * Where this proxy listens at the moment. Says which listener a connect would reach. It costs one lookup, and a second one if a listener
 * has the same port: answers hold for a second.
 */
import { type Address, formatAddress } from '../../address.js'
import { type Interfaces, type ListeningAt, OwnAddresses } from '../../cluster/egress/own-addresses.js'
import { ipToBytes } from '../../ip.js'
import type { Listener } from '../../listener/listener.js'

type Known = Pick<Listener, 'address' | 'place' | 'options' | 'isListening'>

interface Answer {
  /** Undefined: none is reached. */
  readonly listener: Known | undefined
  readonly givenAt: number
}

/** An address that this machine gets later counts after this time. */
const HOLDS_MS = 1000

export class OwnListeners {
  readonly #now: () => number
  /** By the object, because a backend keeps its address as one object. */
  #answers = new WeakMap<Address, Answer>()
  readonly #addresses: OwnAddresses
  /** By the port, or the path of a unix socket. Closed ones leave when another one opens. */
  readonly #listeners = new Map<number | string, Known[]>()

  /** `now` is in ms, and never goes back. */
  constructor(now: () => number, interfaces?: Interfaces) {
    this.#now = now
    this.#addresses = new OwnAddresses([], now, interfaces)
  }

  /** The listener has begun to listen. */
  opened(listener: Known): void {
    const key = keyOf(listener.address)
    this.#answers = new WeakMap()
    this.#forgetClosed(listener)
    this.#listeners.set(key, [...(this.#listeners.get(key) ?? []), listener])
  }

  names(): string[] {
    return [...this.#listeners.values()].flatMap((here) =>
      here.filter(({ isListening }) => isListening).map(({ options }) => options.name),
    )
  }

  /** The name of the listener that a connect to this address reaches. Undefined: none of this proxy, or nobody can tell. */
  at(to: Address): string | undefined {
    const here = this.#listeners.get(keyOf(to))
    if (here === undefined) return undefined
    const reached = this.#reached(to, here)
    return reached?.isListening === true ? reached.options.name : undefined
  }

  /** `reopened` may have another port than before. */
  #forgetClosed(reopened: Known): void {
    for (const [key, here] of this.#listeners) {
      const open = here.filter((each) => each !== reopened && each.isListening)
      if (open.length > 0) this.#listeners.set(key, open)
      else this.#listeners.delete(key)
    }
  }

  #reached(to: Address, among: readonly Known[]): Known | undefined {
    const now = this.#now()
    const known = this.#answers.get(to)
    if (known !== undefined && now - known.givenAt < HOLDS_MS) return known.listener
    const listener = among.find((each) => each.isListening && this.#isReached(each, to))
    this.#answers.set(to, { listener, givenAt: now })
    return listener
  }

  #isReached({ place, options }: Known, to: Address): boolean {
    const { address, ipv6Only } = place
    if (to.kind === 'unix' || address.kind === 'unix') return true
    // What this machine sends to itself comes by the loopback interface.
    const device = options.socket?.options?.interface ?? LOOPBACK
    const [at, bytes] = [ipToBytes(address.host), ipToBytes(to.host)]
    if (device !== LOOPBACK || at === undefined || bytes === undefined) return false
    const listening: ListeningAt = { bytes: at, port: address.port }
    const isForBoth = at.length > bytes.length && !ipv6Only
    if (at.length !== bytes.length && !isForBoth) return false
    return this.#addresses.leadsTo(listening, bytes, to.port) === true
  }
}

const LOOPBACK = 'lo'

const keyOf = (address: Address): number | string =>
  address.kind === 'tcp' ? address.port : formatAddress(address)

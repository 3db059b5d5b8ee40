/**
 * A forward proxy of a cluster: where it is now, and the dials that wait until its name has an address for the first time.
 * After that no dial waits here.
 */
import type { Address } from '../address.js'
import type { Dial } from '../io/engine.js'
import { type ForwardProxyOptions, nameOfForwardProxy } from '../via/forward-proxy.js'
import type { DialClient, Dialer, DialerOutcome } from './dialer.js'
import { Endpoints } from './names/endpoints.js'

/** Makes a dialer that goes through this forward proxy, which is at `endpoints`. It connects with `direct`. */
export type DialThrough = (proxy: ForwardProxyOptions, endpoints: Endpoints, direct: Dialer) => Dialer

type Done = (outcome: DialerOutcome) => void

export class ForwardProxy implements Dialer {
  /** Without credentials. */
  readonly name: string
  readonly options: ForwardProxyOptions
  readonly #endpoints: Endpoints
  readonly #dialer: Dialer
  /** Undefined: the first lookup has ended, or there is nothing to look up. */
  #waiting: Set<WaitingDial> | undefined

  constructor(options: ForwardProxyOptions, dialThrough: DialThrough, direct: Dialer) {
    this.name = nameOfForwardProxy(options)
    this.options = options
    this.#endpoints = new Endpoints(options.address)
    this.#dialer = dialThrough(options, this.#endpoints, direct)
    if (this.#endpoints.current === undefined) this.#waiting = new Set()
  }

  get hostName(): string | undefined {
    return this.#endpoints.hostName
  }

  dial(to: Address, connectMs: number, done: Done, client?: DialClient | undefined): Dial {
    const begin = (): Dial => this.#dialer.dial(to, connectMs, done, client)
    if (this.#waiting === undefined) return begin()
    const dial = new WaitingDial(begin, this.#waiting, connectMs, () => done(this.#tooLate()))
    this.#waiting.add(dial)
    return dial
  }

  /** None: the lookup failed. The last good answer stays. */
  resolved(ips: readonly string[]): void {
    if (ips.length > 0) this.#endpoints.resolved(ips)
    this.goOn()
  }

  /** Nothing is worth a wait any more. */
  goOn(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const dial of waiting) dial.goOn()
  }

  #tooLate(): DialerOutcome {
    const failure = { detail: 'its name has no address', mayTryNext: false }
    return { socket: undefined, errno: 'ETIMEDOUT', via: { name: this.name, failure } }
  }
}

/** A dial that waits for at most `connectMs`, and then begins. 0: for as long as it takes. */
class WaitingDial implements Dial {
  readonly #begin: () => Dial
  readonly #among: Set<WaitingDial>
  readonly #timer: NodeJS.Timeout | undefined
  #dial: Dial | undefined

  constructor(begin: () => Dial, among: Set<WaitingDial>, connectMs: number, tooLate: () => void) {
    this.#begin = begin
    this.#among = among
    if (connectMs === 0) return
    this.#timer = setTimeout(() => {
      this.cancel()
      tooLate()
    }, connectMs).unref()
  }

  goOn(): void {
    clearTimeout(this.#timer)
    this.#dial = this.#begin()
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#among.delete(this)
    this.#dial?.cancel()
  }
}

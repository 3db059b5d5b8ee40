/**
 * How a cluster gets to its backends: directly through the engine, or through its forward proxy (`via`). It resolves
 * nothing: it is told what the name of the forward proxy means.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Address } from '../address.js'
import type { Dial } from '../io/engine.js'
import type { ForwardProxyOptions } from '../via/forward-proxy.js'
import { type DialClient, type Dialer, type DialerOutcome, withClientPort } from './dialer.js'
import { type DialThrough, ForwardProxy } from './forward-proxy.js'

export class Via implements Dialer {
  readonly #direct: Dialer
  readonly #dialThrough: DialThrough | undefined
  /** Undefined: connects are direct. */
  #proxy: ForwardProxy | undefined

  constructor(direct: Dialer, dialThrough: DialThrough | undefined) {
    this.#direct = direct
    this.#dialThrough = dialThrough
  }

  /** Uses this forward proxy from now on. Undefined: none. Returns true if that is another one than before. */
  use(options: ForwardProxyOptions | undefined): boolean {
    if (isDeepStrictEqual(options, this.#proxy?.options)) return false
    if (options !== undefined && this.#dialThrough === undefined)
      throw new Error('this cluster cannot use a forward proxy')
    this.#proxy?.goOn()
    this.#proxy = options && new ForwardProxy(options, this.#dialThrough!, this.#direct)
    return true
  }

  /** What dials at present. It stays the same, whatever is used later. */
  get dialer(): Dialer {
    return this.#proxy ?? this.#direct
  }

  /** Another forward proxy, for one dial. Who takes it resolves its name. */
  through(options: ForwardProxyOptions): ForwardProxy {
    if (this.#dialThrough === undefined) throw new Error('this cluster cannot use a forward proxy')
    return new ForwardProxy(options, this.#dialThrough, this.#direct)
  }

  dial(
    to: Address,
    connectMs: number,
    done: (outcome: DialerOutcome) => void,
    client?: DialClient | undefined,
  ): Dial {
    return this.dialer.dial(withClientPort(to, client), connectMs, done, client)
  }

  /** The forward proxy, without its credentials. Undefined: there is none. */
  get name(): string | undefined {
    return this.#proxy?.name
  }

  /** The name of the forward proxy that must be resolved. Undefined: there is none. */
  get hostName(): string | undefined {
    return this.#proxy?.hostName
  }

  /** A name means these addresses. None: its lookup failed. Any name but that of the forward proxy changes nothing. */
  resolved(host: string, ips: readonly string[]): void {
    if (this.#proxy !== undefined && host === this.hostName) this.#proxy.resolved(ips)
  }

  /** No lookup is on its way any more. Dials that wait for one end without a connection. */
  stop(): void {
    this.#proxy?.goOn()
  }
}

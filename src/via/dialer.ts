/**
 * Dials backends through a forward proxy: it connects to the proxy, and asks for a tunnel. `connectMs` is the time for
 * both together. If the name of the proxy has several addresses, one that cannot be connected to gives way to the next,
 * which gets `connectMs` of its own. It owns the socket until it hands it over.
 */
import type { Address, ResolvedAddress } from '../address.js'
import type { DialClient, Dialer, DialerOutcome } from '../cluster/dialer.js'
import { SHORTAGES } from '../errors.js'
import { Dialogue } from '../io/dialogue.js'
import type { Dial, Engine } from '../io/engine.js'
import type { Socket } from '../io/socket.js'
import { type ForwardProxyOptions, nameOfForwardProxy } from './forward-proxy.js'
import { openTunnel } from './tunnel.js'
import { refusesAll, type TunnelFailure } from './tunnel-failure.js'

/** Where the forward proxy is. */
export interface Places {
  /** Undefined while its name has no address. */
  readonly current: ResolvedAddress | undefined
  readonly all: readonly ResolvedAddress[]
  /** A connect failed. Another address may be the current one from now on. */
  failedAlone(address: ResolvedAddress): void
}

type NeededEngine = Pick<Engine, 'runQueue' | 'sweep'>

export function createForwardDialer(
  engine: NeededEngine,
  direct: Dialer,
  proxy: ForwardProxyOptions,
  places: Places,
): Dialer {
  const name = nameOfForwardProxy(proxy)
  return {
    dial: (to, connectMs, done, client) => {
      const dial = new ForwardDial({ engine, direct, proxy, name, places, to, connectMs, client }, done)
      dial.start()
      return dial
    },
  }
}

interface Order {
  readonly engine: NeededEngine
  readonly direct: Dialer
  readonly proxy: ForwardProxyOptions
  readonly name: string
  readonly places: Places
  readonly to: Address
  readonly connectMs: number
  readonly client: DialClient | undefined
}

class ForwardDial implements Dial {
  readonly #order: Order
  #done: ((outcome: DialerOutcome) => void) | undefined
  #connect: Dial | undefined
  #dialogue: Dialogue | undefined
  #tries = 0

  constructor(order: Order, done: (outcome: DialerOutcome) => void) {
    this.#order = order
    this.#done = done
  }

  start(): void {
    const { current } = this.#order.places
    if (current !== undefined) this.#connectTo(current)
    else queueMicrotask(() => this.#failed(refusesAll('ENOTFOUND', 'its name has no address')))
  }

  cancel(): void {
    this.#done = undefined
    this.#connect?.cancel()
    this.#dialogue?.reset()
  }

  #connectTo(place: ResolvedAddress): void {
    const { direct, connectMs, client } = this.#order
    const began = performance.now()
    this.#tries += 1
    const connected = ({ socket, errno }: DialerOutcome): void => {
      this.#connect = undefined
      if (socket === undefined) this.#notConnected(place, errno)
      else void this.#ask(socket, began)
    }
    this.#connect = direct.dial(place, connectMs, connected, client)
  }

  #notConnected(place: ResolvedAddress, errno: string): void {
    const { places } = this.#order
    if (SHORTAGES.has(errno)) {
      this.#finish({ socket: undefined, errno })
      return
    }
    places.failedAlone(place)
    if (this.#tries < places.all.length) this.#connectTo(places.current ?? place)
    else this.#failed(refusesAll(errno, 'cannot connect'))
  }

  async #ask(socket: Socket, began: number): Promise<void> {
    const { engine, proxy, name, to, connectMs } = this.#order
    const dialogue = new Dialogue(socket, engine.runQueue, engine.sweep)
    this.#dialogue = dialogue
    // 0 would mean that there is no deadline.
    if (connectMs > 0) dialogue.allow(Math.max(1, connectMs - (performance.now() - began)))
    const failure = await openTunnel(dialogue, to, proxy).catch(() => refusesAll('EPROTO', 'internal error'))
    this.#dialogue = undefined
    if (this.#done === undefined) return
    if (failure !== undefined) {
      dialogue.reset()
      this.#failed(failure)
      return
    }
    dialogue.end()
    this.#finish({ socket, errno: '', via: { name } })
  }

  #failed({ errno, via: failure }: TunnelFailure): void {
    this.#finish({ socket: undefined, errno, via: { name: this.#order.name, failure } })
  }

  #finish(outcome: DialerOutcome): void {
    const done = this.#done
    this.#done = undefined
    done?.(outcome)
  }
}

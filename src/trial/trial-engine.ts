/**
 * An engine without sockets. Clients come when a trial says so, and a dial never ends, so a client that has a backend keeps its
 * places. No deadline passes by itself: it passes when the trial says that nothing more happens.
 */
import type { Socket as NetSocket } from 'node:net'
import { type Address, formatAddress, type PeerAddress } from '../address.js'
import type { AcceptHandler, Dial, Engine, HeldSocket, Listening, ListenOptions } from '../io/engine.js'
import { AcceptPauses } from '../io/listening/accept-pauses.js'
import { RunQueue } from '../io/run-queue.js'
import { StreamSocket } from '../io/streams/stream-socket.js'
import { type Expirable, Sweep } from '../io/sweep.js'
import { Traffic, WireEnd } from './wire.js'

/** Later than every deadline, and earlier than none at all. */
const LATER_MS = Number.MAX_VALUE

export class TrialEngine implements Engine {
  readonly kind = 'stream'
  readonly unavailable = []
  readonly notSplicing = 'not-a-plain-socket'
  readonly runQueue = new RunQueue()
  readonly sweep = new Deadlines()
  readonly traffic = new Traffic()
  readonly #listening = new Map<string, AcceptPauses>()

  counts(): undefined {
    return undefined
  }

  limitPipes(): void {}

  async listen(address: Address, { backlog }: ListenOptions, handler: AcceptHandler): Promise<Listening> {
    const pauses = new AcceptPauses(handler, backlog)
    this.#listening.set(formatAddress(address), pauses)
    return {
      address,
      fds: [],
      pause: (reason) => pauses.pause(reason),
      resume: (reason) => pauses.resume(reason),
      putBack: (client, from) => pauses.putBack(client, from),
      update: () => {},
      close: () => pauses.close(),
      leave: () => pauses.leave(),
    }
  }

  hold(): Promise<HeldSocket> {
    throw new Error('a trial has no workers')
  }

  dial(): Dial {
    return { cancel: () => {} }
  }

  /** A client connects. Returns its end of the connection. */
  connect(address: Address, from: PeerAddress): WireEnd {
    const [client, ours] = WireEnd.pair(this.traffic)
    this.#listening.get(formatAddress(address))!.accepted(new TrialSocket(ours, address, this.runQueue), from)
    return client
  }
}

class TrialSocket extends StreamSocket {
  readonly #address: Address

  constructor(stream: WireEnd, address: Address, runQueue: RunQueue) {
    super(stream, runQueue, 'not-a-plain-socket')
    this.#address = address
  }

  override localAddress(): Address {
    return this.#address
  }

  /** Node's TLS takes any stream, although its types name a socket. */
  override release(): NetSocket | undefined {
    if (this.isClosed) return undefined
    const { stream } = this
    this.setReading(false)
    const untaken = Buffer.from(this.read(Number.POSITIVE_INFINITY))
    this.owner = undefined
    this.isClosed = true
    stream.removeAllListeners('data')
    if (untaken.length > 0) stream.unshift(untaken)
    return stream as unknown as NetSocket
  }
}

/** Has no timer. */
class Deadlines extends Sweep {
  override add(member: Expirable): void {
    super.add(member, 0)
  }

  /** Every deadline has passed. */
  pass(): void {
    for (const member of this.members()) member.expire(LATER_MS, 0)
  }
}

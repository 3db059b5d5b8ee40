/**
 * The last step of a connection that we close after we sent something. A Parting sends FIN, then reads until
 * the peer has taken everything and has closed too. An earlier close would answer the peer's next byte with a
 * reset, which destroys what is still on its way. A Parting owns the socket from its start and closes it. It
 * discards what it reads.
 */
import { Delivery, GOODBYE_MS, LULL_MS } from './delivery.js'
import type { RunQueue } from './run-queue.js'
import { BROKEN, PEER_ENDED, type Runnable, type Socket } from './socket.js'
import type { Expirable, Sweep } from './sweep.js'

/** Why bytes may be lost. */
export interface Loss {
  readonly why: 'broken' | 'timed-out' | 'cancelled'
  /** errno name if `why` is `broken`. */
  readonly errno: string | undefined
}

/** How long a Parting waits for its peer, and how much it reads. */
export interface PartingLimits {
  /** How long the peer may take (ms). */
  readonly goodbyeMs: number
  /** Whether this time begins anew whenever the peer has taken more. */
  readonly isExtended: boolean
  /** How long a peer that has everything must be silent before we close (ms). */
  readonly lullMs: number
  /** It reads so many bytes, and one read more. Later ones stay where they are. */
  readonly mostBytes: number
}

/** The peer gets all the time that it needs, because what it was sent may be long. */
const USUAL_LIMITS: PartingLimits = {
  goodbyeMs: GOODBYE_MS,
  isExtended: true,
  lullMs: LULL_MS,
  mostBytes: Number.POSITIVE_INFINITY,
}

const READ_BYTES = 64 * 1024
/** A run discards this many reads before others get their turn. */
const MOST_READS = 16

export class Parting implements Runnable, Expirable {
  isQueued = false
  sweepIndex = -1
  /** Settles when the socket is closed. Undefined: nothing is lost. Never rejects. */
  readonly over: Promise<Loss | undefined>
  readonly #socket: Socket
  readonly #runQueue: RunQueue
  readonly #sweep: Sweep
  readonly #isBrief: boolean
  readonly #limits: PartingLimits
  readonly #delivery: Delivery
  #deadline: number
  #heardAt: number
  #heardBytes = 0
  #resolve: ((loss: Loss | undefined) => void) | undefined

  /** `isBrief`: so little was sent that it counts as arrived if nobody can tell. */
  constructor(
    socket: Socket,
    runQueue: RunQueue,
    sweep: Sweep,
    isBrief: boolean,
    limits: PartingLimits = USUAL_LIMITS,
  ) {
    this.#socket = socket
    this.#runQueue = runQueue
    this.#sweep = sweep
    this.#isBrief = isBrief
    this.#limits = limits
    this.over = new Promise((resolve) => {
      this.#resolve = resolve
    })
    socket.owner = this
    socket.shutdown()
    this.#delivery = new Delivery(socket)
    this.#heardAt = performance.now()
    this.#deadline = this.#heardAt + limits.goodbyeMs
    sweep.add(this, limits.lullMs)
    this.run()
  }

  run(): void {
    if (this.#resolve === undefined) return
    const isEmpty = this.#throwAway()
    const { error, ready } = this.#socket
    const hasEnded = (ready & PEER_ENDED) !== 0
    if (error !== undefined || (ready & BROKEN) !== 0) this.#end('broken', error ?? 'ECONNRESET')
    else if (isEmpty && hasEnded && this.#delivery.isDone()) this.#end('done')
    // Neither bytes that are left nor acknowledgements cause an event.
    else if (!isEmpty || hasEnded) this.#runQueue.later(this)
    else this.#socket.awaitMore()
  }

  expire(now: number): void {
    const { goodbyeMs, isExtended } = this.#limits
    if (this.#delivery.hasProgressed() && isExtended) this.#deadline = now + goodbyeMs
    if (this.#isLull(now)) this.#end('done')
    else if (now >= this.#deadline) this.#end('timed-out')
  }

  /** Closes now. */
  cancel(): void {
    this.#end('cancelled')
  }

  /** Reads and discards. Answers whether nothing is left to read for the moment. */
  #throwAway(): boolean {
    for (let reads = 0; reads < MOST_READS; reads++) {
      if (this.#heardBytes >= this.#limits.mostBytes) return true
      const { length } = this.#socket.read(READ_BYTES)
      if (length === 0) return true
      this.#heardBytes += length
      this.#heardAt = performance.now()
    }
    return false
  }

  /** Whether nobody has a reason to wait: the peer has everything and has been silent for a while. */
  #isLull(now: number): boolean {
    if (now - this.#heardAt < this.#limits.lullMs) return false
    return this.#delivery.isDone() || (this.#isBrief && this.#delivery.isUnknown)
  }

  #end(why: Loss['why'] | 'done', errno?: string): void {
    const resolve = this.#resolve
    if (resolve === undefined) return
    this.#resolve = undefined
    this.#sweep.delete(this)
    const isDone = why === 'done' || this.#delivery.isDone()
    const mayStillArrive = why === 'timed-out' && this.#delivery.isUnknown
    if (isDone || mayStillArrive) this.#socket.close()
    else this.#socket.reset()
    resolve(isDone ? undefined : { why, errno })
  }
}

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
  readonly #delivery: Delivery
  #deadline: number
  #heardAt: number
  #resolve: ((loss: Loss | undefined) => void) | undefined

  /** `isBrief`: so little was sent that it counts as arrived if nobody can tell. */
  constructor(socket: Socket, runQueue: RunQueue, sweep: Sweep, isBrief: boolean) {
    this.#socket = socket
    this.#runQueue = runQueue
    this.#sweep = sweep
    this.#isBrief = isBrief
    this.over = new Promise((resolve) => {
      this.#resolve = resolve
    })
    socket.owner = this
    socket.shutdown()
    this.#delivery = new Delivery(socket)
    this.#heardAt = performance.now()
    this.#deadline = this.#heardAt + GOODBYE_MS
    sweep.add(this, LULL_MS)
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
    if (this.#delivery.hasProgressed()) this.#deadline = now + GOODBYE_MS
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
      if (this.#socket.read(READ_BYTES).length === 0) return true
      this.#heardAt = performance.now()
    }
    return false
  }

  /** Whether nobody has a reason to wait: the peer has everything and has been silent for LULL_MS. */
  #isLull(now: number): boolean {
    if (now - this.#heardAt < LULL_MS) return false
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

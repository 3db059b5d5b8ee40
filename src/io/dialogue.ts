/**
 * One end of a connection before it is joined to another: what has come is looked at or read, what is to be said
 * is sent, and each is waited for until the deadline. It owns the waiting, never the socket, and holds no byte but
 * those it still has to say.
 */
import type { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Answer } from '../peek/answer.js'
import { Delivery, GOODBYE_MS, GRACE_MS } from './delivery.js'
import { Parting } from './parting.js'
import type { RunQueue } from './run-queue.js'
import { BROKEN, PEER_ENDED, type Runnable, type Socket, WRITABLE } from './socket.js'
import { StreamSocket } from './streams/stream-socket.js'
import type { Expirable, Sweep } from './sweep.js'
import { type Try, Waits } from './waits.js'

/** Why a dialogue could not go on. */
export type DialogueEnd =
  /** The peer sent FIN before it had said enough. */
  | 'ended'
  /** The connection broke. */
  | 'broken'
  | 'timed-out'
  /** Ended from our side. */
  | 'cancelled'

/** What a wait of a dialogue is rejected with. */
export class DialogueOver extends Error {
  readonly at: Dialogue
  readonly why: DialogueEnd
  /** errno name where it is `broken`. */
  readonly errno: string | undefined

  constructor(at: Dialogue, why: DialogueEnd, errno?: string) {
    super(errno === undefined ? why : `${why}: ${errno}`)
    this.name = 'DialogueOver'
    this.at = at
    this.why = why
    this.errno = errno
  }
}

const READ_BYTES = 64 * 1024
/** So much is thrown away at a close; whoever sends more is reset. */
const MOST_READS = 16

export class Dialogue implements Runnable, Expirable {
  isQueued = false
  sweepIndex = -1
  /** Of what is said at this moment, or was when that failed: what was not handed over. */
  unsaidBytes = 0
  #socket: Socket
  readonly #runQueue: RunQueue
  readonly #sweep: Sweep
  #deadline = Number.POSITIVE_INFINITY
  /** Whether it is this peer that is waited for, where the deadline is for either side of an exchange. */
  #isAwaited: (() => boolean) | undefined
  /** Of what was said, where it is to be broken off. */
  #delivery: Delivery | undefined
  #parting: Parting | undefined
  /** How long it may take nothing of what was said; 0: no matter. */
  #graceMs = 0
  readonly #waits = new Waits<DialogueOver>()

  constructor(socket: Socket, runQueue: RunQueue, sweep: Sweep) {
    this.#socket = socket
    this.#runQueue = runQueue
    this.#sweep = sweep
  }

  /** Another one once TLS is spoken. */
  get socket(): Socket {
    return this.#socket
  }

  /** Whether the peer takes less than it is told. */
  get isBehind(): boolean {
    return this.unsaidBytes > 0 || this.socket.queuedBytes > 0
  }

  /**
   * What is waited for from here on has `ms` all together, whatever an earlier deadline was; 0: no deadline. With
   * `isAwaited` it passes only while that is true: both sides of an exchange have the same deadline.
   */
  allow(ms: number, isAwaited?: () => boolean): void {
    this.#isAwaited = isAwaited
    if (this.#waits.failure?.why === 'timed-out') this.#waits.recover()
    this.#sweep.delete(this)
    this.#deadline = ms > 0 ? performance.now() + ms : Number.POSITIVE_INFINITY
    if (ms > 0) this.#sweep.add(this, ms)
  }

  /**
   * Shows `parse` what has come, at most `most` bytes, again whenever more has, until it has an answer, which it must
   * have to that many. Nothing is taken. Rejects with DialogueOver.
   */
  look<A extends Answer<unknown>>(
    parse: (bytes: Buffer) => A,
    most: number,
  ): Promise<Exclude<A, { readonly kind: 'need-more' }>> {
    return this.#wait((resolve, fail) => {
      const answer = parse(this.socket.peek(most))
      if (answer.kind !== 'need-more') return resolve(answer as Exclude<A, { readonly kind: 'need-more' }>)
      this.socket.awaitMore()
      return this.#isEnded() ? fail(this.#whyEnded()) : 'pending'
    })
  }

  /** Waits until `least` bytes are there, or the peer has ended: what has come, a copy of at most `least`. */
  async show(least: number): Promise<Buffer> {
    return this.#wait((resolve, fail) => {
      const bytes = this.socket.peek(least)
      if (bytes.length >= least || (this.#isEnded() && this.#error() === undefined))
        return resolve(Buffer.from(bytes))
      this.socket.awaitMore()
      return this.#isEnded() ? fail(this.#whyEnded()) : 'pending'
    })
  }

  /** Waits until the peer has ended and everything before was taken. Rejects with DialogueOver. */
  ended(): Promise<void> {
    return this.#wait((resolve, fail) => {
      if (this.#error() !== undefined) return fail(this.#whyEnded())
      if (this.socket.peek(1).length > 0) return 'pending'
      if (this.#isEnded()) return resolve()
      this.socket.awaitMore()
      return 'pending'
    })
  }

  /** The next bytes, taken, a copy: others read into the same memory before a promise is noticed. Empty at the end. */
  read(): Promise<Buffer> {
    return this.#wait((resolve, fail) => {
      const bytes = this.socket.read(READ_BYTES)
      if (bytes.length > 0 || (this.#isEnded() && this.#error() === undefined))
        return resolve(Buffer.from(bytes))
      this.socket.awaitMore()
      return this.#isEnded() ? fail(this.#whyEnded()) : 'pending'
    })
  }

  /** Sends all of `bytes`; what does not go at once is copied. Rejects with DialogueOver. */
  say(bytes: Buffer): Promise<void> {
    let rest = bytes
    this.unsaidBytes = bytes.length
    return this.#wait((resolve, fail) => {
      const sent = this.socket.send(rest)
      this.unsaidBytes -= sent
      if (sent > 0) this.#progressed()
      if (this.unsaidBytes === 0) return resolve()
      if (this.#error() !== undefined || this.socket.isClosed) return fail(this.#whyEnded())
      rest = rest === bytes ? Buffer.from(rest.subarray(sent)) : rest.subarray(sent)
      // Short of memory, for which no event comes.
      if ((this.socket.ready & WRITABLE) !== 0) this.#runQueue.later(this)
      return 'pending'
    })
  }

  /** Waits for `promise` as for the peer: until the deadline, or until the connection breaks. */
  during<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settled = promise.finally(() => {
      isSettled = true
      this.run()
    })
    const watched = this.#wait<void>((resolve, fail) => {
      if (isSettled) return resolve()
      // A stream that is not read does not notice that it broke.
      this.socket.awaitMore()
      return this.#error() === undefined ? 'pending' : fail(this.#whyEnded())
    })
    return Promise.race([settled, watched.then(() => settled)])
  }

  /** The same connection goes on inside `stream`, which is TLS on `raw`. Throws DialogueOver where it is over. */
  goOnInside(stream: Duplex, raw: NetSocket): void {
    if (this.#waits.failure !== undefined) throw this.#waits.failure
    if (this.#socket.owner === this) this.#socket.owner = undefined
    const secured = new StreamSocket(stream, this.#runQueue, 'not-a-plain-socket')
    secured.below = raw
    this.#socket = secured
  }

  /** Last words of our own, and then as `leave`. Never rejects. */
  async sayGoodbye(bytes: Buffer): Promise<void> {
    this.#allowWithoutProgress(GOODBYE_MS)
    const unsaid = await overOf(this.say(bytes))
    if (unsaid === undefined) await this.leave(true)
    else this.reset()
  }

  /**
   * Sends FIN, and closes when the peer has taken all that was said and has ended, too. Waits as long as it goes on
   * acknowledging, GOODBYE_MS without progress at most. `isBrief`: little was said, which is taken to have arrived where
   * nobody tells. Never rejects: the answer is why bytes may be lost, or undefined.
   */
  async leave(isBrief = false): Promise<DialogueOver | undefined> {
    // A deadline that has passed without a wait is nobody's any more.
    this.allow(0)
    const over = this.#waits.failure
    if (over !== undefined) {
      this.reset()
      return over
    }
    this.end()
    this.#parting = new Parting(this.socket, this.#runQueue, this.#sweep, isBrief)
    const loss = await this.#parting.over
    return loss && new DialogueOver(this, loss.why, loss.errno)
  }

  /** Closes in order at once: what has come is thrown away, because a close that leaves some of it is a reset. */
  close(): void {
    this.end()
    for (let reads = 0; reads < MOST_READS && this.socket.read(READ_BYTES).length > 0; reads++);
    this.socket.close()
  }

  /** Resets the connection at once. */
  reset(): void {
    this.end()
    this.socket.reset()
  }

  /** Resets the connection when the peer has what it was told, after GRACE_MS without progress at most. Never rejects. */
  async breakOff(): Promise<void> {
    if (!this.socket.isClosed && this.socket.unacknowledgedBytes() !== 0) {
      this.#allowWithoutProgress(GRACE_MS)
      this.#delivery = new Delivery(this.socket)
      await overOf(this.#delivered())
    }
    this.reset()
  }

  /** No more waits, no more deadline: the socket is somebody else's. */
  end(): void {
    this.#sweep.delete(this)
    this.#waits.fail(this.#waits.failure ?? new DialogueOver(this, 'cancelled'))
    if (this.socket.owner === this) this.socket.owner = undefined
  }

  /** Lets what is waited for, and all later waits, fail. */
  cancel(): void {
    this.#parting?.cancel()
    this.#waits.fail(new DialogueOver(this, 'cancelled'))
  }

  run(): void {
    this.#waits.run()
  }

  expire(now: number): void {
    if (this.#delivery?.hasProgressed() === true) this.#progressed()
    if (now < this.#deadline || this.#isAwaited?.() === false) return
    this.#waits.fail(new DialogueOver(this, 'timed-out'))
  }

  /** What is left to be taken has `ms` from the last time that some of it was. */
  #allowWithoutProgress(ms: number): void {
    this.#graceMs = ms
    this.allow(ms)
  }

  #progressed(): void {
    if (this.#graceMs > 0) this.#deadline = performance.now() + this.#graceMs
  }

  #delivered(): Promise<void> {
    return this.#wait((resolve, fail) => {
      if (this.#error() !== undefined) return fail(this.#whyEnded())
      if (this.socket.unacknowledgedBytes() === 0) return resolve()
      this.#runQueue.later(this)
      return 'pending'
    })
  }

  #wait<T>(attempt: Try<T, DialogueOver>): Promise<T> {
    this.socket.owner = this
    return this.#waits.add(attempt)
  }

  #isEnded(): boolean {
    return (this.socket.ready & (PEER_ENDED | BROKEN)) !== 0
  }

  #error(): string | undefined {
    return this.socket.error ?? ((this.socket.ready & BROKEN) !== 0 ? 'ECONNRESET' : undefined)
  }

  #whyEnded(): DialogueOver {
    const errno = this.#error()
    return errno === undefined ? new DialogueOver(this, 'ended') : new DialogueOver(this, 'broken', errno)
  }
}

/** How a wait failed; undefined where it did not. */
const overOf = (wait: Promise<unknown>): Promise<DialogueOver | undefined> =>
  wait.then(
    () => undefined,
    (over: DialogueOver) => over,
  )

/**
 * One end of a connection before it is joined to the other end. Callers look at or read what arrived, and
 * send bytes. Each such wait ends at the deadline at the latest. A Dialogue owns the waiting, never the
 * socket. It holds no bytes except those that it still has to send.
 */
import type { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Answer } from '../peek/answer.js'
import { Delivery, GOODBYE_MS, GRACE_MS } from './delivery.js'
import { Parting, type PartingLimits } from './parting.js'
import type { RunQueue } from './run-queue.js'
import { BROKEN, PEER_ENDED, type Runnable, type Socket, WRITABLE } from './socket.js'
import { StreamSocket } from './streams/stream-socket.js'
import type { Expirable, Sweep } from './sweep.js'
import { type Try, Waits } from './waits.js'

/** Why a dialogue cannot go on. */
export type DialogueEnd =
  /** The peer sent FIN before it had sent enough. */
  | 'ended'
  | 'broken'
  | 'timed-out'
  /** Our side ended it. */
  | 'cancelled'

/** The error with which every wait of a dialogue rejects. */
export class DialogueOver extends Error {
  readonly at: Dialogue
  readonly why: DialogueEnd
  /** errno name if `why` is `broken`. */
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
/** A close discards this many reads at most. A peer that sends more is reset. */
const MOST_READS = 16

export class Dialogue implements Runnable, Expirable {
  isQueued = false
  sweepIndex = -1
  /** Bytes of the present `say` that are not handed over yet. If it failed: bytes that never were. */
  unsaidBytes = 0
  #socket: Socket
  readonly #runQueue: RunQueue
  readonly #sweep: Sweep
  #deadline = Number.POSITIVE_INFINITY
  /** Whether millrace waits for this peer. Both sides of an exchange have the same deadline. */
  #isAwaited: (() => boolean) | undefined
  /** Set while `breakOff` waits until the peer has what was sent. */
  #delivery: Delivery | undefined
  #parting: Parting | undefined
  /** Each progress of the peer moves the deadline to this many ms from then. 0: progress does not move it. */
  #graceMs = 0
  readonly #waits = new Waits<DialogueOver>()

  constructor(socket: Socket, runQueue: RunQueue, sweep: Sweep) {
    this.#socket = socket
    this.#runQueue = runQueue
    this.#sweep = sweep
  }

  /** After a TLS handshake this is another socket, that of the TLS stream. */
  get socket(): Socket {
    return this.#socket
  }

  /** Whether some of what was sent still waits in this process. */
  get isBehind(): boolean {
    return this.unsaidBytes > 0 || this.socket.queuedBytes > 0
  }

  /**
   * Gives all waits from now on `ms` together. 0: no deadline. With `isAwaited`, the deadline counts only
   * while that is true, because both sides of an exchange have the same one.
   */
  allow(ms: number, isAwaited?: () => boolean): void {
    this.#isAwaited = isAwaited
    if (this.#waits.failure?.why === 'timed-out') this.#waits.recover()
    this.#sweep.delete(this)
    this.#deadline = ms > 0 ? performance.now() + ms : Number.POSITIVE_INFINITY
    if (ms > 0) this.#sweep.add(this, ms)
  }

  /**
   * Shows `parse` what has arrived, at most `most` bytes, and again whenever more arrives, until it has an
   * answer. It must have one when it sees `most` bytes. Takes nothing. Rejects with DialogueOver.
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

  /** Waits until `least` bytes are there or the peer has ended. Copies at most `least` bytes. */
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

  /** Takes a copy of the next bytes: reads reuse the memory before a promise settles. Empty: the end. */
  read(): Promise<Buffer> {
    return this.#wait((resolve, fail) => {
      const bytes = this.socket.read(READ_BYTES)
      if (bytes.length > 0 || (this.#isEnded() && this.#error() === undefined))
        return resolve(Buffer.from(bytes))
      this.socket.awaitMore()
      return this.#isEnded() ? fail(this.#whyEnded()) : 'pending'
    })
  }

  /** Sends all of `bytes`. It copies what does not go at once. Rejects with DialogueOver. */
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
      // The system is short of memory. No event tells when that ends.
      if ((this.socket.ready & WRITABLE) !== 0) this.#runQueue.later(this)
      return 'pending'
    })
  }

  /** Waits for `promise` until the deadline, or until the connection breaks. */
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

  /** Continues inside `stream`, which is TLS on `raw`. Throws DialogueOver if this dialogue is over. */
  goOnInside(stream: Duplex, raw: NetSocket): void {
    if (this.#waits.failure !== undefined) throw this.#waits.failure
    if (this.#socket.owner === this) this.#socket.owner = undefined
    const secured = new StreamSocket(stream, this.#runQueue, 'not-a-plain-socket')
    secured.below = raw
    this.#socket = secured
  }

  /** Sends last bytes of our own, then leaves. Resets if they cannot be sent. Never rejects. */
  async sayGoodbye(bytes: Buffer, limits?: PartingLimits): Promise<void> {
    this.#allowWithoutProgress(GOODBYE_MS)
    if ((await overOf(this.say(bytes))) === undefined) await this.leave(true, limits)
    else this.reset()
  }

  /**
   * Sends FIN, and closes when the peer has taken everything and has ended too. Gives up after GOODBYE_MS
   * without progress. `isBrief`: little was sent, which counts as arrived if nobody can tell. Never rejects.
   * Returns why bytes may be lost, or undefined.
   */
  async leave(isBrief = false, limits?: PartingLimits): Promise<DialogueOver | undefined> {
    // A deadline that passed while nobody waited does not count.
    this.allow(0)
    const over = this.#waits.failure
    if (over !== undefined) {
      this.reset()
      return over
    }
    this.end()
    this.#parting = new Parting(this.socket, this.#runQueue, this.#sweep, isBrief, limits)
    const loss = await this.#parting.over
    return loss && new DialogueOver(this, loss.why, loss.errno)
  }

  /** Closes in order at once. It discards what has arrived first: a close with unread bytes is a reset. */
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

  /** Resets when the peer has all bytes, or after GRACE_MS without progress. Never rejects. */
  async breakOff(): Promise<void> {
    if (!this.socket.isClosed && this.socket.unacknowledgedBytes() !== 0) {
      this.#allowWithoutProgress(GRACE_MS)
      this.#delivery = new Delivery(this.socket)
      await overOf(this.#delivered())
    }
    this.reset()
  }

  /** Ends all waits and the deadline. The socket belongs to somebody else now. */
  end(): void {
    this.#sweep.delete(this)
    this.#waits.fail(this.#waits.failure ?? new DialogueOver(this, 'cancelled'))
    if (this.socket.owner === this) this.socket.owner = undefined
  }

  /** Makes all present and later waits fail. */
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

  /** Sets a deadline of `ms` that moves on whenever the peer takes more. */
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

/** How a wait failed. Undefined if it did not. */
const overOf = (wait: Promise<unknown>): Promise<DialogueOver | undefined> =>
  wait.then(
    () => undefined,
    (over: DialogueOver) => over,
  )

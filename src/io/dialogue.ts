/**
 * One end of a connection before it is joined to another: what has come is looked at or read, what is to be said
 * is sent, and each is waited for until the deadline. It owns the waiting, never the socket, and holds no byte but
 * those it still has to say.
 */
import type { Answer } from '../peek/answer.js'
import { Delivery, GOODBYE_MS, GRACE_MS } from './delivery.js'
import { Parting } from './parting.js'
import { BROKEN, PEER_ENDED, type Runnable, type Socket, WRITABLE } from './socket.js'
import type { Expirable, Sweep } from './sweep.js'
import type { Turns } from './turns.js'

/** Why a dialogue could not go on. */
export type DialogueEnd =
  /** The peer sent FIN before it had said enough. */
  | 'ended'
  /** The connection broke. */
  | 'broken'
  | 'timed-out'
  /** Ended from our side. */
  | 'called-off'

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

/** Of a wait: `pending` where the next event may settle it. */
type Progress = 'pending' | 'settled'

interface Wait {
  attempt(): Progress
  reject(over: DialogueOver): void
}

const READ_BYTES = 64 * 1024
/** So much is thrown away at a close; whoever sends more is reset. */
const MOST_READS = 16

export class Dialogue implements Runnable, Expirable {
  isQueued = false
  sweepIndex = -1
  readonly socket: Socket
  readonly #turns: Turns
  readonly #sweep: Sweep
  #deadline = Number.POSITIVE_INFINITY
  /** Whether it is this peer that is waited for, where the deadline is for either side of an exchange. */
  #isAwaited: (() => boolean) | undefined
  /** Of what was said, where it is to be broken off. */
  #delivery: Delivery | undefined
  #parting: Parting | undefined
  /** How long it may take nothing of what was said; 0: no matter. */
  #graceMs = 0
  #isSaying = false
  /** Few: one reads, one says, one watches. */
  readonly #waits = new Set<Wait>()
  #over: DialogueOver | undefined

  constructor(socket: Socket, turns: Turns, sweep: Sweep) {
    this.socket = socket
    this.#turns = turns
    this.#sweep = sweep
  }

  get isCalledOff(): boolean {
    return this.#over?.why === 'called-off'
  }

  /** Whether the peer takes less than it is told. */
  get isBehind(): boolean {
    return this.#isSaying || this.socket.queuedBytes > 0
  }

  /**
   * What is waited for from here on has `ms` all together, whatever an earlier deadline was; 0: no deadline. With
   * `isAwaited` it passes only while that is true: both sides of an exchange have the same deadline.
   */
  allow(ms: number, isAwaited?: () => boolean): void {
    this.#isAwaited = isAwaited
    if (this.#over?.why === 'timed-out') this.#over = undefined
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
    return this.#wait((resolve, fail) => {
      const sent = this.socket.send(rest)
      this.#isSaying = sent < rest.length
      if (sent > 0) this.#progressed()
      if (!this.#isSaying) return resolve()
      if (this.#error() !== undefined || this.socket.isClosed) return fail(this.#whyEnded())
      rest = rest === bytes ? Buffer.from(rest.subarray(sent)) : rest.subarray(sent)
      // Short of memory, for which no event comes.
      if ((this.socket.ready & WRITABLE) !== 0) this.#turns.later(this)
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

  /** Last words of our own, and then as `leave`. Never rejects. */
  async sayGoodbye(bytes: Buffer): Promise<void> {
    this.#allowWithoutProgress(GOODBYE_MS)
    const unsaid = await overOf(this.say(bytes))
    if (unsaid === undefined) await this.#leave(true)
    else this.#reset()
  }

  /**
   * Sends FIN, and closes when the peer has taken all that was said and has ended, too. Waits as long as it goes on
   * acknowledging, GOODBYE_MS without progress at most. Never rejects: the answer is why bytes may be lost, or undefined.
   */
  leave(): Promise<DialogueOver | undefined> {
    return this.#leave(false)
  }

  /** Closes in order at once: what has come is thrown away, because a close that leaves some of it is a reset. */
  close(): void {
    this.end()
    for (let reads = 0; reads < MOST_READS && this.socket.read(READ_BYTES).length > 0; reads++);
    this.socket.close()
  }

  /** Resets the connection when the peer has what it was told, after GRACE_MS without progress at most. Never rejects. */
  async breakOff(): Promise<void> {
    if (!this.socket.isClosed && this.socket.unacknowledgedBytes() !== 0) {
      this.#allowWithoutProgress(GRACE_MS)
      this.#delivery = new Delivery(this.socket)
      await overOf(this.#delivered())
    }
    this.#reset()
  }

  /** No more waits, no more deadline: the socket is somebody else's. */
  end(): void {
    this.#sweep.delete(this)
    this.#stop(this.#over ?? new DialogueOver(this, 'called-off'))
    if (this.socket.owner === this) this.socket.owner = undefined
  }

  /** Lets what is waited for, and all later waits, fail. */
  callOff(): void {
    this.#parting?.callOff()
    this.#stop(new DialogueOver(this, 'called-off'))
  }

  run(): void {
    for (const wait of this.#waits) {
      if (wait.attempt() === 'settled') this.#waits.delete(wait)
    }
  }

  expire(now: number): void {
    if (this.#delivery?.hasProgressed() === true) this.#progressed()
    if (now < this.#deadline || this.#isAwaited?.() === false) return
    this.#stop(new DialogueOver(this, 'timed-out'))
  }

  /** What is left to be taken has `ms` from the last time that some of it was. */
  #allowWithoutProgress(ms: number): void {
    this.#graceMs = ms
    this.allow(ms)
  }

  #progressed(): void {
    if (this.#graceMs > 0) this.#deadline = performance.now() + this.#graceMs
  }

  async #leave(isBrief: boolean): Promise<DialogueOver | undefined> {
    // A deadline that has passed without a wait is nobody's any more.
    this.allow(0)
    if (this.#over !== undefined) {
      this.#reset()
      return this.#over
    }
    this.end()
    this.#parting = new Parting(this.socket, this.#turns, this.#sweep, isBrief)
    const loss = await this.#parting.over
    return loss && new DialogueOver(this, loss.why, loss.errno)
  }

  #reset(): void {
    this.end()
    this.socket.reset()
  }

  #delivered(): Promise<void> {
    return this.#wait((resolve, fail) => {
      if (this.#error() !== undefined) return fail(this.#whyEnded())
      if (this.socket.unacknowledgedBytes() === 0) return resolve()
      this.#turns.later(this)
      return 'pending'
    })
  }

  #wait<T>(
    attempt: (resolve: (value: T) => Progress, fail: (over: DialogueOver) => Progress) => Progress,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const resolved = (value: T): Progress => {
        resolve(value)
        return 'settled'
      }
      const failed = (over: DialogueOver): Progress => {
        reject(over)
        return 'settled'
      }
      this.socket.owner = this
      if (this.#over !== undefined) reject(this.#over)
      else if (attempt(resolved, failed) === 'pending') {
        this.#waits.add({ attempt: () => attempt(resolved, failed), reject })
      }
    })
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

  #stop(over: DialogueOver): void {
    this.#over = over
    for (const { reject } of this.#waits) reject(over)
    this.#waits.clear()
  }
}

/** How a wait failed; undefined where it did not. */
const overOf = (wait: Promise<unknown>): Promise<DialogueOver | undefined> =>
  wait.then(
    () => undefined,
    (over: DialogueOver) => over,
  )

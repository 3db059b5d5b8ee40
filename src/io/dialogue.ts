/**
 * One end of a connection before it is joined to another: what has come is looked at or read, what is to be said
 * is sent, and each is waited for until the deadline. It owns the waiting, never the socket, and holds no byte but
 * those it still has to say.
 */
import type { Answer } from '../peek/answer.js'
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
  readonly why: DialogueEnd
  /** errno name where it is `broken`. */
  readonly errno: string | undefined

  constructor(why: DialogueEnd, errno?: string) {
    super(errno === undefined ? why : `${why}: ${errno}`)
    this.name = 'DialogueOver'
    this.why = why
    this.errno = errno
  }
}

/** Of a wait: `pending` where the next event may settle it. */
type Attempt = () => 'pending' | 'settled'

const READ_BYTES = 64 * 1024
/** A peer that was told goodbye has so long to take it (ms). */
const GOODBYE_MS = 1000

export class Dialogue implements Runnable, Expirable {
  isQueued = false
  sweepIndex = -1
  readonly socket: Socket
  readonly #turns: Turns
  readonly #sweep: Sweep
  #deadline = Number.POSITIVE_INFINITY
  #attempt: Attempt | undefined
  #reject: ((over: DialogueOver) => void) | undefined
  #over: DialogueOver | undefined

  constructor(socket: Socket, turns: Turns, sweep: Sweep) {
    this.socket = socket
    this.#turns = turns
    this.#sweep = sweep
  }

  /** What is waited for from here on has `ms` all together, whatever an earlier deadline was; 0: no deadline. */
  allow(ms: number): void {
    if (this.#over?.why === 'timed-out') this.#over = undefined
    this.#sweep.delete(this)
    this.#deadline = ms > 0 ? performance.now() + ms : Number.POSITIVE_INFINITY
    if (ms > 0) this.#sweep.add(this, ms)
  }

  /**
   * Shows `parse` what has come, again whenever more has, until it has an answer. Nothing is taken. Who has not
   * said enough in `most` bytes gets the answer `longer than … bytes`. Rejects with DialogueOver.
   */
  look<T>(
    parse: (bytes: Buffer) => Answer<T>,
    most: number,
  ): Promise<Exclude<Answer<T>, { kind: 'need-more' }>> {
    return this.#wait((resolve) => {
      const bytes = this.socket.peek(most)
      const answer = parse(bytes)
      if (answer.kind !== 'need-more') return resolve(answer)
      if (bytes.length >= most) return resolve({ kind: 'no-match', reason: `longer than ${most} bytes` })
      this.socket.awaitMore()
      return this.#isEnded() ? this.#fail() : 'pending'
    })
  }

  /** Waits until `least` bytes are there, or the peer has ended: what has come, a copy of at most `least`. */
  async show(least: number): Promise<Buffer> {
    return this.#wait((resolve) => {
      const bytes = this.socket.peek(least)
      if (bytes.length >= least || (this.#isEnded() && this.#error() === undefined))
        return resolve(Buffer.from(bytes))
      this.socket.awaitMore()
      return this.#isEnded() ? this.#fail() : 'pending'
    })
  }

  /** The next bytes, taken; empty at the peer's end. The view is good until anything else is called. */
  read(): Promise<Buffer> {
    return this.#wait((resolve) => {
      const bytes = this.socket.read(READ_BYTES)
      if (bytes.length > 0 || (this.#isEnded() && this.#error() === undefined)) return resolve(bytes)
      this.socket.awaitMore()
      return this.#isEnded() ? this.#fail() : 'pending'
    })
  }

  /** Sends all of `bytes`, which must stay as they are until then. Rejects with DialogueOver. */
  say(bytes: Buffer): Promise<void> {
    let said = 0
    return this.#wait((resolve) => {
      said += this.socket.send(said === 0 ? bytes : bytes.subarray(said))
      if (said === bytes.length) return resolve()
      if (this.#error() !== undefined) return this.#fail()
      // Short of memory, for which no event comes.
      if ((this.socket.ready & WRITABLE) !== 0) this.#turns.later(this)
      return 'pending'
    })
  }

  /** Waits for `promise` as for the peer: until the deadline, or until the connection breaks. */
  during<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(resolve, reject)
      this.#wait(() => (this.#error() === undefined ? 'pending' : this.#fail())).catch(reject)
    })
  }

  /**
   * Sends `bytes`, then FIN, and closes once the peer has ended too: a close with its bytes unread would reset
   * the connection and take the answer with it. Never rejects.
   */
  async sayGoodbye(bytes: Buffer): Promise<void> {
    this.allow(GOODBYE_MS)
    try {
      await this.say(bytes)
      this.socket.shutdown()
      while ((await this.read()).length > 0);
    } catch {
      // It went away, or does not: closed either way.
    }
    this.end()
    this.socket.close()
  }

  /** No more waits, no more deadline: the socket is somebody else's. */
  end(): void {
    this.#sweep.delete(this)
    this.#over ??= new DialogueOver('called-off')
    this.#settle()
    if (this.socket.owner === this) this.socket.owner = undefined
  }

  /** Lets what is waited for, and all later waits, fail. */
  callOff(): void {
    this.#stop(new DialogueOver('called-off'))
  }

  run(): void {
    if (this.#attempt?.() === 'settled') this.#settle()
  }

  expire(now: number): void {
    if (now >= this.#deadline) this.#stop(new DialogueOver('timed-out'))
  }

  #wait<T>(attempt: (resolve: (value: T) => 'settled') => 'pending' | 'settled'): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      this.#attempt = () =>
        attempt((value) => {
          resolve(value)
          return 'settled'
        })
      this.socket.owner = this
      if (this.#over !== undefined) this.#stop(this.#over)
      else this.run()
    })
  }

  #isEnded(): boolean {
    return (this.socket.ready & (PEER_ENDED | BROKEN)) !== 0
  }

  #error(): string | undefined {
    return this.socket.error ?? ((this.socket.ready & BROKEN) !== 0 ? 'ECONNRESET' : undefined)
  }

  #fail(): 'settled' {
    const errno = this.#error()
    this.#reject?.(errno === undefined ? new DialogueOver('ended') : new DialogueOver('broken', errno))
    return 'settled'
  }

  #stop(over: DialogueOver): void {
    this.#over = over
    this.#reject?.(over)
    this.#settle()
  }

  #settle(): void {
    this.#attempt = undefined
    this.#reject = undefined
  }
}

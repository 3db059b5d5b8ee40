/**
 * One question to a route function: what the function may do with its client until it has answered. When the question is over,
 * nothing of it touches the client any more, because the bytes belong to the backend then.
 */
import { bytes as aBuffer, type Door, type Kind, readArgument, readOptions, show } from '../../arguments.js'
import { shorten } from '../../config/wording.js'
import { MillraceError } from '../../errors.js'
import type { DialogueOver } from '../../io/dialogue.js'
import type { Rejection, RejectOptions, Visitor } from '../../route/visitor.js'
import type { KnownClient } from '../opening/known-client.js'
import { refuse } from '../refusal.js'
import type { RouteTime } from './route-time.js'

/** First byte of a record that carries a handshake, RFC 8446 section 5.1. */
const TLS_HANDSHAKE = 22
const MOST_PEEKED_BYTES = 16 * 1024
/** A record is one line of the log. */
const MOST_REASON_CHARS = 300
/** Bytes that may wait for a client that reads slowly. */
const MOST_WRITTEN_BYTES = 64 * 1024

const REJECT: Door<RejectOptions> = { name: 'reject', argument: 'options', fields: { answer: aBuffer } }
const aText: Kind<string> = {
  wanted: 'a text',
  accepts: (value): value is string => typeof value === 'string',
}

export class Question {
  readonly #client: KnownClient
  readonly #time: RouteTime
  #abort: AbortController | undefined
  #isOver = false
  #hasRejected = false
  /** Takes come one after the other, and so do writes. */
  #taken: Promise<unknown> = Promise.resolve()
  #written: Promise<void> = Promise.resolve()
  #unwrittenBytes = 0

  constructor(client: KnownClient, time: RouteTime) {
    this.#client = client
    this.#time = time
  }

  /** `path`: of the request, in the spelling that routes compare. Its functions need no `this`. */
  visitor(path: string | undefined): Visitor {
    const { address, policy, proxyHeader, tls, startUp, request } = this.#client
    const signal = (): AbortSignal => this.#signal
    return {
      client: address,
      listener: policy.config.name,
      proxyHeader,
      tls,
      startUp,
      request: request && {
        ...request.head,
        comparedPath: path ?? request.head.path,
        isUpgrade: request.key !== undefined,
      },
      get signal() {
        return signal()
      },
      clientHello: () => watched(this.#clientHello()),
      peek: (bytes) => watched(this.#peek(bytes)),
      take: (bytes) => watched(this.#take(bytes)),
      write: (bytes) => watched(this.#write(bytes)),
      reject: (reason, options) => this.#reject(reason, options),
    }
  }

  /** Whether the function has called `reject`, which does nothing until its result is returned. */
  get hasRejected(): boolean {
    return this.#hasRejected
  }

  /** The function has answered. Resolves when everything is written. Throws DialogueOver. */
  async answered(): Promise<void> {
    this.close()
    await this.#written
  }

  /** The client is turned away. Nothing of it may be touched any more. */
  close(): void {
    this.#isOver = true
  }

  /** The function has not answered, and need not answer any more. */
  giveUp(over: DialogueOver): void {
    this.close()
    const isLate = over.why === 'timed-out'
    const why = isLate ? 'the time for the route function is over' : 'the client is gone'
    this.#controller.abort(new DOMException(why, isLate ? 'TimeoutError' : 'AbortError'))
  }

  get #controller(): AbortController {
    this.#abort ??= new AbortController()
    return this.#abort
  }

  get #signal(): AbortSignal {
    return this.#controller.signal
  }

  async #clientHello(): ReturnType<Visitor['clientHello']> {
    this.#throwIfOver()
    const hello = await this.#time.waitFor(this.#client.readHello())
    if (typeof hello !== 'string') return hello
    if (this.#client.dialogue.socket.peek(1)[0] !== TLS_HANDSHAKE) return undefined
    throw refuse(`bad-hello: ${hello}`)
  }

  #reject(reason: string | undefined, options: RejectOptions | undefined): Rejection {
    this.#hasRejected = true
    return rejectionOf(reason, options)
  }

  async #peek(bytes: number, what = 'peek'): Promise<Buffer> {
    if (!Number.isInteger(bytes) || bytes < 1 || bytes > MOST_PEEKED_BYTES) {
      throw new RangeError(`${what}: expected 1 to ${MOST_PEEKED_BYTES} bytes, not ${show(bytes)}`)
    }
    this.#throwIfOver()
    return this.#time.waitFor(this.#client.dialogue.show(bytes))
  }

  #take(bytes: number): Promise<Buffer> {
    const { dialogue } = this.#client
    const took = this.#taken.then(async () => {
      this.#throwIfHttp('take')
      const { length } = await this.#peek(bytes, 'take')
      this.#throwIfOver()
      return Buffer.from(dialogue.socket.read(length))
    })
    this.#taken = took.catch(() => {})
    return took
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#throwIfOver()
    this.#throwIfHttp('write')
    const copy = copyOf(readArgument('write', 'bytes', aBuffer, bytes), 'write', this.#unwrittenBytes)
    this.#unwrittenBytes += copy.length
    this.#written = this.#written.then(async () => {
      await this.#time.waitFor(this.#client.dialogue.say(copy))
      this.#unwrittenBytes -= copy.length
    })
    await watched(this.#written)
  }

  #throwIfOver(): void {
    if (this.#isOver)
      throw new MillraceError('wrong-state', 'the route function has answered: the client has gone on')
  }

  /** millrace passes its request on whole, and its answer comes from the backend. */
  #throwIfHttp(what: string): void {
    if (this.#client.policy.config.protocol !== 'http') return
    throw new MillraceError(
      'wrong-state',
      `${what}: a listener with protocol http cannot do this: use protocol tcp`,
    )
  }
}

function rejectionOf(reason: string | undefined, options: RejectOptions | undefined): Rejection {
  const { answer } = readOptions(REJECT, options)
  const text = reason === undefined ? undefined : readArgument('reject', 'reason', aText, reason)
  return {
    isRejected: true,
    reason: text && shorten(text, MOST_REASON_CHARS),
    answer: answer && copyOf(answer, 'reject'),
  }
}

/** `waiting`: bytes that wait for the client already. */
function copyOf(bytes: Uint8Array, what: string, waiting = 0): Buffer {
  if (bytes.length + waiting > MOST_WRITTEN_BYTES) {
    const beside = waiting === 0 ? '' : `, and ${waiting} bytes wait already`
    throw new MillraceError(
      'bad-argument',
      `${what}: ${bytes.length} bytes are too many: at most ${MOST_WRITTEN_BYTES} may wait for the client${beside}`,
    )
  }
  return Buffer.from(bytes)
}

/** A function need not wait for what it has begun. The failure of such a wait is no failure of the process. */
function watched<Result>(wait: Promise<Result>): Promise<Result> {
  wait.catch(() => {})
  return wait
}

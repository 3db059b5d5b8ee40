/**
 * One HTTP request with its answer. The head goes to the backend, and the backend's answer goes to the
 * client. A tunnel opens only if the backend accepts the upgrade. Until then, not one byte behind the
 * request's head reaches it. Any other answer is passed on to its end, and is the last one.
 */
import type { Dialogue } from '../../io/dialogue.js'
import { DialogueOver } from '../../io/dialogue.js'
import type { RecordEnding } from '../../observe/records/record.js'
import { Body } from '../../websocket/bodies/body.js'
import { forwardedAnswer } from '../../websocket/forwarding/forwarded-answer.js'
import { MOST_HEAD_BYTES } from '../../websocket/heads/head.js'
import { type ResponseHead, readResponseHead } from '../../websocket/heads/response-head.js'
import { type Acceptance, acceptanceOf } from '../../websocket/upgrade.js'
import type { FirstRequest } from '../opening/first-request.js'
import { Refusal } from '../refusal.js'

export interface ExchangeOptions {
  /** How long the backend may take for the head of its response, in ms. 0: for ever. */
  readonly responseMs: number
  readonly idleMs: number
  /** Called when the head of a response has come. */
  answered(): void
}

/** Bytes as the client and the backend sent them. */
export interface Moved {
  bytesUp: number
  bytesDown: number
}

export class Exchange {
  /**
   * Status of the response head that went to the client, interim ones aside. While it is undefined, the
   * client can still get another answer.
   */
  status: number | undefined
  readonly #client: Dialogue
  readonly #backend: Dialogue
  readonly #request: FirstRequest
  readonly #options: ExchangeOptions
  readonly #moved: Moved
  #isUploading = false
  #isOver = false
  /** Whether the exchange waits for that side. */
  readonly #awaitsClient = (): boolean => this.#waitsFor() === this.#client
  readonly #awaitsBackend = (): boolean => this.#waitsFor() === this.#backend

  constructor(
    client: Dialogue,
    backend: Dialogue,
    request: FirstRequest,
    options: ExchangeOptions,
    moved: Moved,
  ) {
    this.#client = client
    this.#backend = backend
    this.#request = request
    this.#options = options
    this.#moved = moved
  }

  /**
   * Sends `head` and passes the answer on. `tunnel`: both ends may be joined. Throws Refusal, DialogueOver.
   */
  async run(head: Buffer): Promise<'tunnel' | 'finished'> {
    this.#backend.allow(this.#options.responseMs)
    await this.#backend.say(head)
    this.#moved.bytesUp += this.#request.original.length
    const upload = this.#sendBody()
    const answer = this.#passAnswerOn()
    answer.catch(() => {})
    // A backend that has answered need not read on. So a failed upload to it is no failure: the answer tells
    // what happened.
    return this.#client.during(Promise.race([answer, failureOf(upload, this.#client)])).finally(() => {
      this.#isOver = true
    })
  }

  async #passAnswerOn(): Promise<'tunnel' | 'finished'> {
    for (;;) {
      const { head, acceptance } = await this.#passHeadOn()
      if (acceptance.kind === 'accepted') return 'tunnel'
      if (acceptance.kind === 'interim') continue
      await this.#relay(this.#backend, this.#client, new Body(head, 'backend'), (bytes) => {
        this.#moved.bytesDown += bytes
      })
      return 'finished'
    }
  }

  async #passHeadOn(): Promise<{ head: ResponseHead; acceptance: Acceptance }> {
    const { method, version } = this.#request.head
    const answer = await this.#backend.look((bytes) => readResponseHead(bytes, method), MOST_HEAD_BYTES)
    if (answer.kind === 'no-match') throw badResponse(answer.reason)
    this.#options.answered()
    const acceptance = acceptanceOf(answer.value, this.#request.key)
    if (acceptance.kind === 'bad') throw badResponse(acceptance.reason)
    const original = Buffer.from(this.#backend.socket.read(answer.bytes))
    const isInterim = acceptance.kind === 'interim'
    if (!isInterim) this.status = answer.value.status
    // HTTP/1.0 knows no interim responses (RFC 9110 section 15.2).
    if (!isInterim || version !== '1.0')
      await this.#client.say(forwardedAnswer(original, answer.value, acceptance.kind))
    this.#moved.bytesDown += original.length
    return { head: answer.value, acceptance }
  }

  /** Sends the body. An upgrade has none: what follows its head waits for the tunnel. */
  async #sendBody(): Promise<void> {
    const { head, key } = this.#request
    if (key !== undefined) return this.#passEndOn()
    this.#isUploading = true
    await this.#relay(this.#client, this.#backend, new Body(head, 'client'), (bytes) => {
      this.#moved.bytesUp += bytes
    })
    this.#isUploading = false
    if (this.status !== undefined) return
    // The client need send nothing more. The backend need only answer.
    this.#client.allow(0)
    this.#backend.allow(this.#options.responseMs)
  }

  /** If the client gives up before its upgrade is answered, the backend need not work on. */
  async #passEndOn(): Promise<void> {
    await this.#client.ended()
    this.#backend.socket.shutdown()
  }

  async #relay(from: Dialogue, to: Dialogue, body: Body, count: (bytes: number) => void): Promise<void> {
    while (!body.isOver) {
      this.#allowIdle()
      const bytes = await from.read()
      if (bytes.length === 0 && body.endsWithConnection) return
      this.#allowIdle()
      const taken = body.take(bytes)
      // If sending breaks off, the bytes that had gone are counted, too.
      if (taken.passed.length > 0) {
        await to.say(taken.passed).finally(() => count(taken.bytes - to.unsaidBytes))
      } else count(taken.bytes)
      if (body.isBroken || bytes.length === 0) throw this.#cutShort(from)
    }
  }

  /**
   * Starts the idle deadline anew whenever a byte moves, in either direction. If both sides are silent, the
   * side that the exchange waits for is to blame.
   */
  #allowIdle(): void {
    if (this.#isOver) return
    this.#client.allow(this.#options.idleMs, this.#awaitsClient)
    this.#backend.allow(this.#options.idleMs, this.#awaitsBackend)
  }

  #waitsFor(): Dialogue {
    if (this.#client.isBehind) return this.#client
    if (this.#backend.isBehind) return this.#backend
    return this.#isUploading ? this.#client : this.#backend
  }

  #cutShort(from: Dialogue): Refusal {
    const by: RecordEnding['by'] = from === this.#client ? 'client' : 'backend'
    const cause = by === 'client' ? 'bad-request: body' : 'bad-response: body'
    return new Refusal({ by, phase: 'data', cause })
  }
}

/** Rejects if the client fails. Otherwise it never settles. */
function failureOf(upload: Promise<void>, client: Dialogue): Promise<never> {
  return new Promise((_, reject) => {
    upload.catch((error) => {
      if (!(error instanceof DialogueOver) || error.at === client) reject(error)
    })
  })
}

const badResponse = (why: string): Refusal =>
  new Refusal({ by: 'backend', phase: 'response', cause: `bad-response: ${why}` })

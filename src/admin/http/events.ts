/**
 * Server-sent events (WHATWG HTML, section 9.2): once a second, the same text for every caller that follows.
 * A caller that does not read is closed, so none costs more memory than its limit.
 */
import type { ServerResponse } from 'node:http'
import { jsonText } from '../../escape.js'
import { COMMON_HEADERS } from './answer.js'
import { ProblemError } from './problem.js'

const EVERY_MS = 1000
const MOST_STREAMS = 16
/** Bytes that may wait for a caller that does not read. */
const MOST_WAITING_BYTES = 1024 * 1024
const HEADERS = { ...COMMON_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' }

export class EventStreams {
  readonly #streams = new Set<ServerResponse>()
  readonly #makeData: () => Promise<unknown>
  #timer: NodeJS.Timeout | undefined
  #isSending = false

  constructor(makeData: () => Promise<unknown>) {
    this.#makeData = makeData
  }

  /** @throws ProblemError 503 */
  add(response: ServerResponse): void {
    if (response.req.method === 'HEAD') {
      response.writeHead(200, HEADERS).end()
      return
    }
    if (this.#streams.size >= MOST_STREAMS) {
      throw new ProblemError(503, `${MOST_STREAMS} event streams are open already`, {
        headers: { 'retry-after': '5' },
      })
    }
    response.writeHead(200, HEADERS)
    response.flushHeaders()
    this.#streams.add(response)
    response.on('close', () => this.#remove(response))
    this.#timer ??= setInterval(() => void this.#send(), EVERY_MS).unref()
    void this.#send()
  }

  end(): void {
    for (const stream of [...this.#streams]) {
      this.#remove(stream)
      stream.end()
    }
  }

  #remove(response: ServerResponse): void {
    this.#streams.delete(response)
    if (this.#streams.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** If the status of one second cannot be made, that second is left out. */
  async #send(): Promise<void> {
    if (this.#isSending) return
    this.#isSending = true
    try {
      const text = `event: status\ndata: ${jsonText(await this.#makeData())}\n\n`
      for (const stream of [...this.#streams]) {
        if (stream.writableLength > MOST_WAITING_BYTES) stream.destroy()
        else stream.write(text)
      }
    } catch {
      return
    } finally {
      this.#isSending = false
    }
  }
}

/**
 * The channel between the processes of an upgrade: a socket with a JSON value in each line. The channel of Node would end this process
 * at the first line that is no JSON.
 */
import type { Duplex } from 'node:stream'

export interface LineHooks {
  /** JSON, and nothing else is known of it. */
  message(message: unknown): void
  /** Called once. No more messages come. `why`: what the other process did that it may not do. Undefined: it closed the channel. */
  closed(why: string | undefined): void
}

/** A status of 50,000 backends has less. */
const MOST_LINE_BYTES = 128 * 1024 * 1024
const NEW_LINE = 10

export class LineChannel {
  readonly #socket: Duplex
  readonly #hooks: LineHooks
  readonly #mostBytes: number
  /** The parts of a line whose end has not come. */
  #parts: Buffer[] = []
  #bytes = 0
  #why: string | undefined

  constructor(socket: Duplex, hooks: LineHooks, mostBytes = MOST_LINE_BYTES) {
    this.#socket = socket
    this.#hooks = hooks
    this.#mostBytes = mostBytes
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', () => {}) // It closes then.
    socket.once('close', () => hooks.closed(this.#why))
  }

  /** Resolves when the message is on its way, or when nobody can get it any more. */
  send(message: object): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.writable) this.#socket.write(`${JSON.stringify(message)}\n`, () => resolve())
      else resolve()
    })
  }

  #read(chunk: Buffer): void {
    let from = 0
    for (let end = chunk.indexOf(NEW_LINE); end !== -1; end = chunk.indexOf(NEW_LINE, from)) {
      this.#keep(chunk.subarray(from, end))
      from = end + 1
      if (!this.#endLine()) return
    }
    this.#keep(chunk.subarray(from))
    if (this.#bytes > this.#mostBytes) this.#break(`it sent a message of more than ${this.#mostBytes} bytes`)
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length
    this.#parts.push(part)
  }

  /** False: no more lines are read. */
  #endLine(): boolean {
    const text = Buffer.concat(this.#parts).toString()
    this.#parts = []
    this.#bytes = 0
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      this.#break('it sent something that is no message')
      return false
    }
    this.#hooks.message(message)
    return true
  }

  #break(why: string): void {
    this.#why = why
    this.#parts = []
    this.#socket.destroy()
  }
}

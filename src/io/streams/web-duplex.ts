/**
 * A pair of Web streams as a Duplex. `Duplex.fromWeb` of Node would pass text on as bytes, and would give a sink memory that Node
 * shares with others.
 */
import { Duplex } from 'node:stream'
import { types } from 'node:util'
import { show } from '../../arguments.js'

/** Two Web streams of bytes: what `readable` gives goes to the other end of the pipe, and `writable` gets what comes from there. */
export interface WebStreams {
  readonly readable: { readonly locked: boolean; getReader(): WebReader }
  readonly writable: { readonly locked: boolean; getWriter(): WebWriter }
}

/** What millrace uses of a ReadableStreamDefaultReader. */
export interface WebReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(reason?: unknown): Promise<unknown>
}

/** What millrace uses of a WritableStreamDefaultWriter. */
export interface WebWriter {
  readonly closed: Promise<unknown>
  write(chunk: Uint8Array): Promise<unknown>
  close(): Promise<unknown>
  abort(reason?: unknown): Promise<unknown>
}

type Done = (error?: Error | null) => void

export class WebDuplex extends Duplex {
  readonly #reader: WebReader
  readonly #writer: WebWriter

  /** Locks both streams. */
  constructor({ readable, writable }: WebStreams) {
    super()
    this.#reader = readable.getReader()
    this.#writer = writable.getWriter()
    // It rejects as soon as the reader behind `writable` wants no more. Nothing else tells that before the next write.
    this.#writer.closed.catch((reason) => this.destroy(asError(reason)))
  }

  override _read(): void {
    this.#reader.read().then(
      ({ done, value }) => this.#came(done, value),
      (reason) => this.destroy(asError(reason)),
    )
  }

  /** The sink gets a copy, because it may transfer what it gets. Node keeps several chunks in one piece of memory. */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    settle(this.#writer.write(new Uint8Array(chunk)), done)
  }

  override _final(done: Done): void {
    settle(this.#writer.close(), done)
  }

  /** Neither is waited for: code of a user answers when it likes. */
  override _destroy(error: Error | null, done: Done): void {
    const reason = error ?? Object.assign(new Error('the pipe has ended'), { code: 'ECONNRESET' })
    const ignored = (): void => {}
    this.#reader.cancel(reason).catch(ignored)
    this.#writer.abort(reason).catch(ignored)
    done(error)
  }

  #came(isOver: boolean, value: unknown): void {
    if (this.destroyed) return
    if (isOver) this.push(null)
    else if (!types.isUint8Array(value))
      this.destroy(new TypeError(`a Web stream gave a chunk that is no Uint8Array: ${show(value)}`))
    // A stream that gives nothing but empty chunks must not keep the process busy.
    else if (value.byteLength === 0) setImmediate(() => this._read())
    else this.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
  }
}

function settle(promise: Promise<unknown>, done: Done): void {
  promise.then(
    () => done(),
    (reason) => done(asError(reason)),
  )
}

/** A Web stream may fail with any value, and with none. */
const asError = (reason: unknown): Error =>
  reason instanceof Error ? reason : new Error('the Web stream has failed', { cause: reason })

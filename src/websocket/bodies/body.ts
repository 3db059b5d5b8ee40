/**
 * Finds where the body of a request or response ends (RFC 9112 section 6). So exactly the body is passed on,
 * and nothing that follows. Pure.
 */

import type { Sender } from '../heads/fields.js'
import type { ResponseHead } from '../heads/response-head.js'
import { Chunks, type Taken } from './chunks.js'

type Framing = Pick<ResponseHead, 'bodyKind' | 'contentLength'>

export class Body {
  readonly #kind: Framing['bodyKind']
  #left: number
  readonly #chunks: Chunks | undefined

  constructor({ bodyKind, contentLength }: Framing, sender: Sender) {
    this.#kind = bodyKind
    this.#left = contentLength
    this.#chunks = bodyKind === 'chunked' ? new Chunks(sender) : undefined
  }

  /** Whether all of it was seen. Never true for a body that ends with its connection. */
  get isOver(): boolean {
    if (this.#chunks !== undefined) return this.#chunks.isOver
    return this.#kind === 'none' || (this.#kind === 'length' && this.#left === 0)
  }

  /** Whether the end of the connection may be its end. */
  get endsWithConnection(): boolean {
    return this.#kind === 'close'
  }

  get isBroken(): boolean {
    return this.#chunks?.isBroken ?? false
  }

  /** How many of the next bytes belong to it, and what is passed on for them. */
  take(bytes: Buffer): Taken {
    if (this.#chunks !== undefined) return this.#chunks.take(bytes)
    if (this.#kind === 'close') return { bytes: bytes.length, passed: bytes }
    const taken = Math.min(bytes.length, this.#left)
    this.#left -= taken
    return { bytes: taken, passed: bytes.subarray(0, taken) }
  }
}

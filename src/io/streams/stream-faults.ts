/**
 * What can be wrong with a stream whose code is not ours: it throws, it fails with something that is no Error, or it gives
 * chunks that are no bytes. Nothing here throws.
 */
import type { Duplex } from 'node:stream'
import { types } from 'node:util'

/** For an error without a code, such as one of a user's stream. */
const NO_CODE = 'EPROTO'
/** The kernel says EPIPE for a socket that its user has ended. */
const WRITE_AFTER_END = 'ERR_STREAM_WRITE_AFTER_END'
const NO_BYTES = Buffer.alloc(0)

/** The code of an error, such as `ECONNRESET`. Several attempts to connect fail together with the code of the first one. */
export function codeOf(error: unknown): string {
  try {
    const { code, errors } = Object(error) as { readonly code?: unknown; readonly errors?: unknown }
    if (code === WRITE_AFTER_END) return 'EPIPE'
    if (typeof code === 'string' && code !== '') return code
    return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : NO_CODE
  } catch {
    return NO_CODE
  }
}

/** Destroys the stream, because of what it threw if there is that. */
export function destroyFor(stream: Duplex, ...thrown: readonly unknown[]): void {
  try {
    stream.destroy(...thrown.map(asError))
  } catch {
    // It throws at its end, too. Nothing else can be asked of it.
  }
}

/** Undefined: the chunk is no bytes. */
export function bytesOf(chunk: unknown): Buffer | undefined {
  if (Buffer.isBuffer(chunk)) return chunk
  return types.isUint8Array(chunk) ? Buffer.from(chunk) : undefined
}

/** Takes everything that the stream has read and nobody has. Undefined: nothing. What is no bytes is left out. */
export function bufferedBytes(stream: Duplex): Buffer | undefined {
  const chunks: Buffer[] = []
  try {
    for (let chunk: unknown = stream.read(); chunk != null; chunk = stream.read())
      chunks.push(bytesOf(chunk) ?? NO_BYTES)
  } catch {
    // What it gave before that counts.
  }
  return chunks.length > 1 ? Buffer.concat(chunks) : chunks[0]
}

function asError(thrown: unknown): Error {
  if (thrown instanceof Error || types.isNativeError(thrown)) return thrown
  return new Error('the stream threw something that is no Error', { cause: thrown })
}

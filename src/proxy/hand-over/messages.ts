/**
 * What two processes tell each other about connections that are handed over. Each message is JSON. One rule says who owns a
 * connection, so that it always has exactly one owner:
 *
 *   1. The giver freezes a batch and sends it (`batch`) with the fds. The giver still owns all of it. The taker touches no socket.
 *   2. The taker checks the batch, and answers `taken` with what it takes. **From the moment on that the kernel has accepted this
 *      message, the taker owns what it takes.** If the kernel refuses the message, the giver owns everything.
 *   3. The giver gives up by shutting its socket down. From then on the kernel refuses `taken`. Then the giver reads what came before.
 *      What it still owns goes on there.
 *
 * If either process dies, its connections end with it, and no others.
 */
/** A message is smaller than what the kernel accepts at once (net.core.wmem_default), and than the buffer of the receiver. */
export const MOST_MESSAGE_BYTES = 96 * 1024

/** The texts of connections, each as JSON. */
export const batchOf = (texts: readonly string[]): Buffer =>
  Buffer.from(`{"kind":"batch","connections":[${texts.join(',')}]}`)

/** In the order of the batch: whether the connection is taken. */
export const takenOf = (taken: readonly boolean[]): Buffer =>
  Buffer.from(JSON.stringify({ kind: 'taken', taken }))

/** Undefined: not an answer. */
export function readTaken(bytes: Buffer): readonly unknown[] | undefined {
  const { kind, taken } = Object(parseMessage(bytes)) as { kind?: unknown; taken?: unknown }
  return kind === 'taken' && Array.isArray(taken) ? taken : undefined
}

/** Undefined: no JSON. */
export function parseMessage(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

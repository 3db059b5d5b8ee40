/**
 * What a socket of ours reads into: the same memory for every read, where Node allocates 64 KiB each time. It
 * grows while reads fill it and shrinks when they have become small, so a quiet connection owns 1 KiB. The
 * bytes of a read are lent: whoever takes them must see to it that nothing is read until they have gone.
 */
import { Socket as NetSocket, type OnReadOpts } from 'node:net'

/** For messages, and for the idle. Node cuts it from a pool. */
const SMALL_BYTES = 1024
/** For whoever has filled the small one. */
const LARGE_BYTES = 64 * 1024
/** For whoever has filled that: more is no cheaper, and a longer turn. */
export const MOST_READ_BYTES = 256 * 1024
/** So many reads in a row that the small memory would have held, and it is all there is again. */
const SHRINK_AFTER = 16

export class ReadMemory {
  /** Told of every read. The bytes are lent until the next one. */
  onBytes: ((bytes: Buffer) => boolean) | undefined = undefined
  /** For `net.connect` and `new Socket`. */
  readonly onread: OnReadOpts
  readonly #small = Buffer.allocUnsafe(SMALL_BYTES)
  #memory = this.#small
  #smallReads = 0

  constructor() {
    this.onread = { buffer: () => this.#memory, callback: (count) => this.#arrived(count) }
  }

  #arrived(count: number): boolean {
    const memory = this.#memory
    this.#resize(count)
    return this.onBytes?.(memory.subarray(0, count)) ?? true
  }

  /** Chooses the memory of the next read; the last one's is left as it is. */
  #resize(count: number): void {
    if (count === this.#memory.length) this.#grow(count)
    this.#smallReads = count < SMALL_BYTES ? this.#smallReads + 1 : 0
    if (this.#smallReads >= SHRINK_AFTER) this.#memory = this.#small
  }

  #grow(bytes: number): void {
    if (bytes === MOST_READ_BYTES) return
    this.#memory = Buffer.allocUnsafeSlow(bytes < LARGE_BYTES ? LARGE_BYTES : MOST_READ_BYTES)
  }
}

/** Node keeps it behind a net.Socket; not documented, unchanged for a decade, checked before use. */
interface WithHandle {
  _handle?: { readStop?: unknown } | null
}

/**
 * The same connection as a socket that reads into `memory`, which Node's servers cannot be asked for; `socket`,
 * paused since it was accepted, is left an empty shell. Undefined where Node keeps its handle elsewhere.
 */
export function rehouse(socket: NetSocket, memory: ReadMemory): NetSocket | undefined {
  const shell = socket as WithHandle
  const handle = shell._handle
  if (typeof handle?.readStop !== 'function') return undefined
  const options = { handle, onread: memory.onread, allowHalfOpen: true, pauseOnCreate: true }
  const housed = new NetSocket(options)
  shell._handle = null
  socket.destroy()
  return housed
}

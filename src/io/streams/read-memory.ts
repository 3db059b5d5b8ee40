/**
 * The memory that a socket of ours reads into. It is the same for every read. Node would allocate 64 KiB each
 * time. It grows while reads fill it and shrinks when they have become small, so a quiet connection owns 1
 * KiB. The bytes of a read are lent. The taker must prevent the next read until they have gone.
 */
import { Socket as NetSocket, type OnReadOpts } from 'node:net'

/** For messages and idle connections. Node cuts it from a pool. */
const SMALL_BYTES = 1024
/** For a connection that filled the small one. */
const LARGE_BYTES = 64 * 1024
/** For a connection that filled the large one. More than this is no cheaper, and makes a turn longer. */
export const MOST_READ_BYTES = 256 * 1024
/** After this many reads in a row that fit the small memory, only the small memory is left. */
const SHRINK_AFTER = 16

export class ReadMemory {
  /** Called for every read, whose bytes are lent until the next. Returns whether Node may read on at once. */
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

  /** Chooses the memory of the next read. The memory of the last read stays as it is. */
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

/** Node keeps this behind a net.Socket: undocumented, unchanged for a decade, checked before use. */
interface WithHandle {
  _handle?: { readStop?: unknown } | null
}

/**
 * Makes a socket of the same connection that reads into `memory`. Node's servers have no option for that.
 * `socket` must have been paused since its accept. It is an empty shell afterwards. Undefined if Node keeps
 * its handle elsewhere.
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

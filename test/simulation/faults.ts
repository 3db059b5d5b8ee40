/**
 * Faults that were found in this program or in others, each of which can be put back: into the simulated addon, the
 * kernel's answers to it, or what Node asks of libuv. faults.test.ts tells how each is found.
 */
export type Fault =
  /** The addon fills a kernel pipe until EAGAIN, which it takes for an empty socket. */
  | 'full-pipe-for-empty-socket'
  /** The addon looks for an end while the kernel pipe still holds bytes. Harmless, unless the end is handed on at once. */
  | 'end-found-behind-bytes'
  /** A spliced source gets a low-water mark of more than a move takes, and what a move left behind is left to its event. */
  | 'mark-larger-than-a-move'
  /** Unmuting does not report what came while nobody listened. */
  | 'unmuting-reports-nothing'
  /** EAGAIN from splice is believed where an urgent byte stands in front. */
  | 'urgent-byte-stops-splice'
  /** A kernel pipe goes back to the pool with bytes in it. */
  | 'pipe-pooled-with-bytes'
  /** A short read is taken for an empty socket though an end follows, of which no event tells. */
  | 'short-read-hides-the-end'
  /** A source that broke is reported as one that ended. */
  | 'reset-for-end'
  /** Of a backend's stream: libuv may read on also where it then calls a reset an end. */
  | 'reads-on-where-an-end-is-doubtful'

export type Faults = ReadonlySet<Fault>

export const NO_FAULTS: Faults = new Set()

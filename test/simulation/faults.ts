/**
 * Faults that were found in this program or in others. Each can be put back: into the simulated addon, into the kernel's
 * answers to it, or into what Node asks of libuv. faults.test.ts says by which rules each is found.
 */
export type Fault =
  /** The addon fills a kernel pipe until EAGAIN, and takes EAGAIN for an empty socket. */
  | 'full-pipe-for-empty-socket'
  /** The addon looks for an end while the kernel pipe still holds bytes. Harmless, unless the end is handed on at once. */
  | 'end-found-behind-bytes'
  /** A spliced source gets a low-water mark above what a move takes. The rest of a move then waits for an event. */
  | 'mark-larger-than-a-move'
  /** An unmute does not report the bytes that came while the source was muted. */
  | 'unmuting-reports-nothing'
  /** The addon takes EAGAIN from splice for an empty socket although an urgent byte comes next. */
  | 'urgent-byte-stops-splice'
  /** A kernel pipe goes back to the pool with bytes in it. */
  | 'pipe-pooled-with-bytes'
  /** A short read is taken for an empty socket although an end follows and no event will report it. */
  | 'short-read-hides-the-end'
  /** A source that broke is reported as ended. */
  | 'reset-for-end'
  /** libuv may read on from a backend's stream even if it then reports a reset as an end. */
  | 'reads-on-where-an-end-is-doubtful'

export type Faults = ReadonlySet<Fault>

export const NO_FAULTS: Faults = new Set()
